"""The lessons: one cause of a bad training loss each, written as data in `catalogue`."""

from __future__ import annotations

from core.lessons.lesson import BASICS, LESSONS, Lesson

__all__ = ["BASICS", "LESSONS", "Lesson"]
