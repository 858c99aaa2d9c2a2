"""A PostgreSQL of our own, for tests and benchmarks: made when it is asked for, and thrown away."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg
from sqlalchemy import URL

from benchmarks.app import free_port

_PORT = 5432
_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "32MB"}


def programs() -> Path | None:
    """Return the folder of PostgreSQL's programs, newest version first; Debian has them on no path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: -int(path.parts[4]))
    on_path = shutil.which("initdb")
    return found[0].parent if found else Path(on_path).resolve().parent if on_path else None


def _folder() -> str | None:
    """Return a folder in memory where there is room: thousands of small files are made, and removed again."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
    return str(memory) if memory.is_dir() and shutil.disk_usage(memory).free > 2**30 else None


class Server:
    """One cluster, on a socket in a folder of its own.

    Parameters
    ----------
    programs : Path
        The folder of PostgreSQL's programs.
    host : str
        An address to listen at, too: whoever reaches it may do everything. Without one, nobody from elsewhere does.
    """

    def __init__(self, programs: Path, host: str = "") -> None:
        self._programs = programs
        # Not below pytest's folder: the path of a socket may have 107 letters.
        self.folder = Path(tempfile.mkdtemp(prefix="lab-pg-", dir=_folder()))
        # PostgreSQL refuses to run as root.
        self._user = "postgres" if os.geteuid() == 0 else None
        if self._user is not None:
            owner = pwd.getpwnam(self._user)
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
        self._numbers = itertools.count(1)
        self._runs = False
        self._host, self._port = host, free_port() if host else _PORT
        self._run("initdb", "-A", "trust", "-U", "lab", "-E", "UTF8", "--locale=C", "--no-sync")
        if host:
            with (self.folder / "data" / "pg_hba.conf").open("a") as trusted:
                trusted.write(f"host all all {host}/24 trust\n")
        self.start()

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), "-D", str(self.folder / "data"), *arguments]
        # Files, not pipes: the server would keep a pipe open.
        with (self.folder / "said").open("a") as said:
            subprocess.run(  # noqa: S603 - programs of PostgreSQL
                command, check=True, cwd="/", stdout=said, stderr=said, timeout=60, user=self._user, group=self._user
            )

    def start(self) -> None:
        """Start it, and wait until it answers."""
        told = {**_FAST, "listen_addresses": self._host, "port": str(self._port)}
        options = " ".join([f"-k {self.folder}", *(f"-c {name}={value}" for name, value in told.items())])
        self._run("pg_ctl", "-w", "-l", str(self.folder / "log"), "-o", options, "start")
        self._runs = True

    def stop(self) -> None:
        """Stop it at once; whoever is connected is not asked."""
        self._run("pg_ctl", "-w", "-m", "immediate", "stop")
        self._runs = False

    def start_again(self) -> None:
        """Start it unless it runs."""
        if not self._runs:
            self.start()

    def remove(self) -> None:
        """Stop it and leave nothing."""
        if self._runs:
            self.stop()
        shutil.rmtree(self.folder)

    def new_database(self) -> str:
        """Return the address of an empty database, as a lab sees it: a schema, since that is made at once."""
        name = f"lab_{next(self._numbers)}"
        with psycopg.connect(host=str(self.folder), port=self._port, user="lab", dbname="postgres") as connection:
            connection.execute(f"CREATE SCHEMA {name}")
        where = {"host": str(self.folder), "options": f"-c search_path={name}"}
        if self._host:
            del where["host"]
        address = URL.create(
            "postgresql+psycopg", "lab", "secret", self._host or None, self._port, database="postgres", query=where
        )
        return address.render_as_string(hide_password=False)
