"""Files named by the SHA-256 of their bytes: the same content is kept once and never changes."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

from core.errors import WorkFailed


class Files:
    """The files of one folder, which is made when the first comes.

    Parameters
    ----------
    folder : Path
    what : str
        What to call one of them in messages, such as ``The uploaded table``.
    """

    def __init__(self, folder: Path, what: str) -> None:
        self._folder = folder
        self._what = what

    def add(self, content: bytes, name: str) -> str:
        """Keep `content` and return its SHA-256; on disk under its final name before this returns.

        Raises
        ------
        WorkFailed
            If it cannot be written; `name` is what the message calls it.
        """
        sha = hashlib.sha256(content).hexdigest()
        try:
            if not self._path(sha).exists():
                self._write(sha, content)
        except OSError as error:
            raise WorkFailed(f"{name}: could not be stored ({error.strerror}).") from error
        return sha

    def _write(self, sha: str, content: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = self._folder / f"{sha}.{secrets.token_hex(4)}.part"
        try:
            with draft.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._path(sha))
        finally:
            draft.unlink(missing_ok=True)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def read(self, sha: str) -> bytes:
        """Return the bytes of a file; `sha` comes from `add`, never from outside.

        Raises
        ------
        WorkFailed
            If it was lost or changed.
        """
        try:
            content = self._path(sha).read_bytes()
        except OSError as error:
            raise WorkFailed(f"{self._what} {sha[:8]}… cannot be read ({error.strerror}); upload it again.") from error
        if hashlib.sha256(content).hexdigest() != sha:
            raise WorkFailed(f"{self._what} {sha[:8]}… has changed on disk; upload it again.")
        return content

    def _path(self, sha: str) -> Path:
        return self._folder / sha
