"""Who finds an experiment in a list; whoever has its id can open it."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, or_, true

from core.jobs.storage import schema


def in_the_list_of(owners: Collection[str] | None) -> ColumnElement[bool]:
    """Return the condition that an experiment is nobody's own, or belongs to one of `owners`; None = any is."""
    owner = schema.experiment.c.owner
    return true() if owners is None else or_(owner.is_(None), owner.in_(owners))
