"""What an operator can set: every `LOSSLAB_…` environment variable, with its default and its range."""

from __future__ import annotations

import re
from contextlib import suppress
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.errors import InputRefused
from core.machine import memory_bytes, processors

COMPILER_CACHE: Final = "xla"
LESSONS: Final = "lessons"
"""Their folders in the data folder."""

_SQLITE: Final = "sqlite:///"

_OTHERS_MB: Final = 420
"""What is not for trainers: web process, diagnoser and reader of uploads, and the libraries all of them share.

At rest the three hold 126, 140 and 64 MB of their own (``python -m benchmarks.memory``).
"""

_TRAINER_MB: Final = 600
"""The least a trainer needs for ordinary work."""


def _slots() -> int:
    """Return a slot per processor, as far as there is memory for their trainers."""
    return max(1, min(processors(), (memory_bytes() // 2**20 - _OTHERS_MB) // _TRAINER_MB))


def _trainer_memory_mb(values: dict[str, Any]) -> int:
    """Return a trainer's share of the memory that the others leave."""
    return max(_TRAINER_MB, (memory_bytes() // 2**20 - _OTHERS_MB) // int(values["slots"]))


_NAME: Final = re.compile(r"\*|(\*\.)?[\w.\-]+", re.ASCII)
_SCHEDULER: Final = re.compile(r"(tcp|tls)://([\w.\-]+|\[[0-9a-f:]+\]):[0-9]{1,5}", re.ASCII)
_SITE: Final = re.compile(r"https?://(\*\.)?[\w.\-]+(:[0-9]{1,5})?", re.ASCII)


_PERSON: Final = re.compile(r"[^@\s,]*@[\w.\-]+")
_HEADER: Final = re.compile(r"[A-Za-z][A-Za-z0-9\-]*")


class SignIn(StrEnum):
    """How people sign in."""

    OPEN = "open"
    OIDC = "oidc"
    HEADER = "header"


def _listed(text: str) -> tuple[str, ...]:
    return tuple(filter(None, map(str.strip, text.split(","))))


def _host(name: str) -> str | None:
    """Return a name or number as browsers write it; None for what is none."""
    with suppress(ValueError):
        return str(ip_address(name.strip("[]")))
    return name if _NAME.fullmatch(name) else None


class Settings(BaseSettings):
    """The settings of one lab; each field is read from the variable `LOSSLAB_` + its name in capital letters."""

    model_config = SettingsConfigDict(env_prefix="LOSSLAB_", frozen=True, extra="ignore")

    data: Path = Field(Path("data"), description="folder of the database, uploaded tables, logs and compiler cache")
    db_url: str = Field(
        "",
        repr=False,
        description="sqlite:///PATH or postgresql+psycopg://USER:PASSWORD@HOST/NAME; empty = lab.db in the data folder",
    )
    blobs: Literal["folder", "database"] = Field(
        "folder", description="where uploaded tables are: folder = in the data folder, database = in the database"
    )
    public: bool = Field(False, description="yes = others may reach the lab, and use it without signing in")
    hosts: str = Field("", description="names of the lab beside localhost: lab.school.example, *.school.example")
    embed_in: str = Field("", description="sites that may show the lab in a frame: https://moodle.school.example")
    sign_in: SignIn = Field(
        SignIn.OPEN, description="open = nobody signs in; oidc = with a provider; header = a proxy says who it is"
    )
    people: str = Field("", description="who may sign in: ada@school.example, @school.example; empty = everybody")
    admins: str = Field("", description="who may see, change and delete everything, by e-mail address")
    class_guests: bool = Field(True, description="yes = learners join a class without signing in")
    person_header: str = Field("X-Forwarded-Email", description="header in which the proxy says who it is")
    proxy_secret: str = Field("", repr=False, description="what the proxy sends as X-Losslab-Secret to prove itself")
    slots: int = Field(default_factory=_slots, ge=1, le=256, description="trainings at the same time")
    engine: str = Field(
        "", description="the Dask scheduler whose workers train: tls://dask.school.example:8786; empty = trainers here"
    )
    engine_insecure: bool = Field(
        False, description="yes = a scheduler on another machine without TLS: who reaches it runs programs there"
    )
    max_upload_mb: int = Field(20, ge=1, le=256, description="size of one uploaded table, at most 256")
    uploads_mb: int = Field(5000, ge=0, description="all uploads together, on disk; 0 = any")
    upload_days: int = Field(30, ge=0, description="an upload nothing uses is removed after so long; 0 = never")
    experiment_days: int = Field(0, ge=0, description="an experiment is removed so long after its end; 0 = never")
    least_free_mb: int = Field(64, ge=1, description="with less free on the disk, nothing new is kept")
    max_queued: int = Field(2000, ge=1, description="runs that may wait or train at the same time")
    person_runs: int = Field(0, ge=0, description="runs of one person that may wait or train; 0 = any")
    person_daily_million: int = Field(0, ge=0, description="millions of rows × epochs of one person a day; 0 = any")
    person_uploads_mb: int = Field(0, ge=0, description="uploads of one person, on disk; 0 = any")
    lease_seconds: float = Field(30.0, ge=1, description="a run that no slot works at is queued again after this long")
    run_seconds: float = Field(3600.0, ge=1, description="a run, or a diagnosis between trials, may take this long")
    stop_grace_seconds: float = Field(2.0, ge=0, description="time a cancelled trainer gets before it is killed")
    trainer_memory_mb: int = Field(default_factory=_trainer_memory_mb, ge=400, description="memory a trainer may take")
    spare_trainer: bool = Field(False, description="yes = one trainer more waits for one that dies: 400 MB")
    trainer_runs: int = Field(200, ge=1, description="a trainer is replaced after this many runs …")
    trainer_growth_mb: int = Field(200, ge=1, description="… or has grown by this much, or a quarter of its memory")
    trainer_silence_seconds: float = Field(60.0, ge=2, description="silence after which a trainer is killed")
    compiler_cache_mb: int = Field(200, ge=0, description="size of the compiler cache; 0 = none")

    @field_validator("hosts")
    @classmethod
    def _are_names(cls, hosts: str) -> str:
        names = [_host(name) for name in _listed(hosts)]
        if None in names:
            raise ValueError("names without scheme and port, commas between them, such as lab.school.example")
        return ",".join(filter(None, names))

    @field_validator("embed_in")
    @classmethod
    def _are_sites(cls, sites: str) -> str:
        if not all(map(_SITE.fullmatch, _listed(sites))):
            raise ValueError("sites without a path, commas between them, such as https://moodle.school.example")
        return sites

    @field_validator("engine")
    @classmethod
    def _is_scheduler(cls, address: str) -> str:
        if address and not _SCHEDULER.fullmatch(address):
            raise ValueError("tls://HOST:PORT or tcp://HOST:PORT, such as tls://dask.school.example:8786")
        return address

    @field_validator("people", "admins")
    @classmethod
    def _are_people(cls, people: str) -> str:
        if not all(map(_PERSON.fullmatch, _listed(people))):
            raise ValueError("e-mail addresses or @domains, commas between them, such as ada@school.example")
        return people

    @field_validator("admins")
    @classmethod
    def _are_single(cls, admins: str) -> str:
        if any(entry.startswith("@") for entry in _listed(admins)):
            raise ValueError("whole e-mail addresses, commas between them, such as ada@school.example")
        return admins

    @field_validator("person_header")
    @classmethod
    def _is_header(cls, name: str) -> str:
        if not _HEADER.fullmatch(name):
            raise ValueError("the name of a header, such as X-Forwarded-Email")
        return name

    @property
    def signs_in(self) -> bool:
        """Whether nobody sees the lab before they have signed in."""
        return self.sign_in != SignIn.OPEN

    @property
    def for_others(self) -> bool:
        """Whether the lab may listen where other machines reach it."""
        if self.sign_in == SignIn.HEADER:  # without a secret, whoever reaches the lab could pass for its proxy
            return bool(self.proxy_secret)
        return self.public or self.sign_in == SignIn.OIDC

    @property
    def allowed(self) -> tuple[str, ...]:
        """The entries of `people`, and the admins; nothing where everybody may sign in."""
        return (*_listed(self.people.lower()), *self.administrators) if self.people else ()

    @property
    def administrators(self) -> tuple[str, ...]:
        """The addresses in `admins`."""
        return _listed(self.admins.lower())

    @property
    def host_names(self) -> tuple[str, ...]:
        """The names in `hosts`."""
        return _listed(self.hosts)

    @property
    def embedding_sites(self) -> tuple[str, ...]:
        """The sites in `embed_in`."""
        return _listed(self.embed_in)

    @property
    def database_url(self) -> str:
        """The database in use, with an absolute path, because trainers work in another folder."""
        if self.db_url and not self.db_url.startswith(_SQLITE):
            return self.db_url
        path = Path(self.db_url.removeprefix(_SQLITE)) if self.db_url else self.data / "lab.db"
        return f"{_SQLITE}{path.absolute()}"


def private_folder(path: Path) -> None:
    """Make a folder that only this user may look into, unless it exists.

    Raises
    ------
    InputRefused
        If it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise InputRefused(f"LOSSLAB_DATA: {path.name} cannot be used ({error.strerror}).", "LOSSLAB_DATA") from None


def load_settings() -> Settings:
    """Return the settings of the environment.

    Raises
    ------
    InputRefused
        If a value is not allowed; the sentence names the variable and what is allowed.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        variable = "LOSSLAB_" + "_".join(str(part) for part in first["loc"]).upper()
        allowed = first["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
        raise InputRefused(f"{variable}: the value is refused; allowed: {allowed}.", variable) from None
