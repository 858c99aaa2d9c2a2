"""What a lab and its workers have to have in common: versions, and the database."""

from __future__ import annotations

import hashlib
import platform
from functools import cache
from importlib.metadata import version
from typing import TypedDict

from sqlalchemy.exc import DBAPIError

from core.errors import InputRefused, WorkFailed
from core.jobs.storage.database import Database
from core.paths import ROOT
from core.sentence import said
from core.settings import load_settings


class Terms(TypedDict):
    """The lab's, as plain values that are sent to whoever is to train for it."""

    versions: dict[str, str]
    database: int


@cache
def versions() -> dict[str, str]:
    """Return what runs here; Loss Lab by its code, since two checkouts may call themselves the same."""
    code = hashlib.sha256()
    for path in sorted((ROOT / "core").rglob("*.py")):
        code.update(f"{path.relative_to(ROOT)} {path.stat().st_size} ".encode() + path.read_bytes())
    python = ".".join(platform.python_version_tuple()[:2])
    return {"Python": python, "distributed": version("distributed"), "Loss Lab": code.hexdigest()[:12]}


def other_version(wanted: dict[str, str], here: dict[str, str]) -> str:
    """Return in what `here` differs from the lab, as half a sentence; empty if in nothing."""
    for what, lab in wanted.items():
        if here.get(what) != lab:
            return said("it has {what} {here} and the lab {lab}", what=what, here=here.get(what, "0"), lab=lab)
    return ""


def unfit(lab: Terms) -> str:
    """Return why this process cannot train for a lab of these terms, as half a sentence; empty if it can."""
    if other := other_version(lab["versions"], versions()):
        return other
    try:
        settings = load_settings()
        if settings.database_url.startswith("sqlite"):
            return said("its LOSSLAB_DB_URL names no PostgreSQL database")
        if settings.blobs != "database":
            return said("LOSSLAB_BLOBS is not database there")
        database = Database(settings, verify=False, patience=0.0)
        try:
            same = database.identity() == lab["database"]
        finally:
            database.close()
    except (InputRefused, WorkFailed) as trouble:
        return str(trouble).removesuffix(".")
    except DBAPIError:  # no table of ours is in it
        same = False
    return "" if same else said("its LOSSLAB_DB_URL is another database")
