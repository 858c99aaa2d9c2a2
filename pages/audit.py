"""Who signed in, submitted, shared and deleted, newest first: for admins."""

from __future__ import annotations

from core.ui.people.audit import show_audit

show_audit()
