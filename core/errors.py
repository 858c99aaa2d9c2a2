"""The two ways work can end badly: the person can mend it, or it is ours to mend."""

from __future__ import annotations


class InputRefused(ValueError):
    """A bad input, said in one sentence that names what, where and what is allowed.

    `where` is the place to mend: a path into the spec (``training.learning_rate``), a file name, a column.
    """

    def __init__(self, message: str, where: str = "") -> None:
        super().__init__(message)
        self.where = where

    def __reduce__(self) -> tuple[type[InputRefused], tuple[str, str]]:
        return type(self), (str(self), self.where)


class WorkFailed(RuntimeError):
    """The lab itself failed at something it accepted; logged with its traceback, shown in one sentence."""
