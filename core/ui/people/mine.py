"""The store as whoever is here may use it: the only way in which pages and routes read and change experiments."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from starlette.requests import Request

from core.jobs.lab import Lab, get_lab
from core.jobs.storage.store import Store
from core.jobs.storage.viewer import LAB, Viewer
from core.ui.classroom.seat import owner, owners
from core.ui.people.current import current_user, person_of_request

_SEEN_BY: Final[ContextVar[Viewer | None]] = ContextVar("seen_by", default=None)


def my_store() -> Store:
    """Return the store as this session may use it."""
    return _as_seen(get_lab(), _SEEN_BY.get() or viewer())


def viewer() -> Viewer:
    """Return what this session may see: a person's, a guest's of a class, or in an open lab anybody's."""
    settings = get_lab().settings
    if not settings.signs_in:
        return LAB
    person, now, mine = current_user(), owner(), frozenset(owners())
    if person is not None:
        return Viewer(now, mine, person)
    return Viewer(now if now in mine else None, mine, guest=True) if settings.class_guests else Viewer()


@contextmanager
def seen_by(known: Viewer) -> Iterator[None]:
    """Do something for whom the page was drawn, in a thread that has no session to tell."""
    before = _SEEN_BY.set(known)
    try:
        yield
    finally:
        _SEEN_BY.reset(before)


def store_for(request: Request, lab: Lab) -> Store:
    """Return the store as whom a request comes from may use it."""
    return _as_seen(lab, _viewer_of(request, lab))


def is_known(request: Request, lab: Lab) -> bool:
    """Return whether a request comes from somebody who may know how the lab is."""
    return not lab.settings.signs_in or person_of_request(request, lab) is not None


def _viewer_of(request: Request, lab: Lab) -> Viewer:
    if not lab.settings.signs_in:
        return LAB
    person = person_of_request(request, lab)
    if person is None:
        return Viewer(guest=lab.settings.class_guests)
    return Viewer(person.id, frozenset({person.id}), person)


def _as_seen(lab: Lab, viewer: Viewer) -> Store:
    return lab.store if viewer.everything else lab.store.seen_by(viewer)
