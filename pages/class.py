"""A class: join it, conduct it, or open one."""

from __future__ import annotations

from core.ui.classroom.page import show_class

show_class()
