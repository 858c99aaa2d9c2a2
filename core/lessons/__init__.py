"""The lessons: one cause of a bad training loss each, written as data in `catalogue`."""

from __future__ import annotations

from core.lessons.lesson import BASICS, LESSONS, Lesson
from core.lessons.translation import lessons_in

__all__ = ["BASICS", "LESSONS", "Lesson", "lessons_in"]
