"""What a kind of database has to say for itself; queries are the same for all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError


class Backend(Protocol):
    """One kind of database, at one address.

    Attributes
    ----------
    name : str
        What a sentence calls it; without its address.
    folder : Path or None
        Where it is, if it is a file of this machine.
    reading, writing : mapping
        Execution options of a transaction whose statements all see the same moment, and of one that is the only
        writer from its first statement on.
    """

    name: str

    @property
    def folder(self) -> Path | None: ...  # noqa: D102 - told above

    @property
    def reading(self) -> Mapping[str, Any]: ...  # noqa: D102

    @property
    def writing(self) -> Mapping[str, Any]: ...  # noqa: D102

    def engine(self) -> Engine:
        """Return an engine whose connections are as the lab needs them; none is opened yet."""

    def make_way(self) -> None:
        """Make what has to exist before a connection can be opened."""

    def begin(self, connection: Connection) -> None:
        """Begin a transaction with the execution options it has."""

    def complaint(self, connection: Connection) -> str:
        """Return what is wrong with the database in half a sentence, an empty text if nothing is."""

    def trouble(self, error: DBAPIError) -> str | None:
        """Return in a few words why the database cannot be used just now; None where the error is a fault of ours."""

    def held(self, error: DBAPIError) -> bool:
        """Return whether somebody else holds the database just now: asked again, it may be free."""

    def settle(self, engine: Engine, free: int) -> None:
        """Do once what lasts, after the check; there are so many bytes `free` on the disk."""

    def checkpoint(self, engine: Engine) -> bool:
        """Move what is logged to where it belongs, where that is not done by itself; return whether it is there."""

    def shrink(self, engine: Engine, full: bool) -> None:
        """Give what was deleted back to the disk, all of it where that is `full`, if that is not done by itself."""
