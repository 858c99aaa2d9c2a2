"""How long a diagnosis takes, beside an earlier version of the lab: ``python -m benchmarks.diagnosis_before [NAME …]``.

Both diagnose the case files with `core.diagnose`, each in a process that has loaded TensorFlow, one after the other and
never at the same time: the machine is the same, and as busy, for both.
"""

from __future__ import annotations

import argparse
import io
import json
import math
import statistics
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self

from benchmarks.scores import FOLDERS
from core.paths import ROOT

BEFORE: Final = "19fa904~1"
"""The last version whose diagnosis tried single changes alone."""

# A program of its own, because the earlier version has no benchmark of this kind; `core.diagnose` is in both.
_CHILD: Final = """
import json, pathlib, sys, time
import core
core.diagnose(json.loads(sys.argv[1]))
print(flush=True)
for line in sys.stdin:
    begin = time.perf_counter()
    variant = core.diagnose(pathlib.Path(json.loads(line)))["variants"][0]
    first = variant["causes"][0]["cause"] if variant["causes"] else ""
    told = {"seconds": time.perf_counter() - begin, "verdict": variant["verdict"], "cause": first}
    print(json.dumps(told), flush=True)
"""
_FIRST: Final = {"data": {"source": "sample:iris", "target": "species"}, "training": {"epochs": 3}}


class Version:
    """The lab in a folder, waiting for specs in a process of its own; to be closed."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-c", _CHILD, json.dumps(_FIRST)]
        self._process = subprocess.Popen(  # noqa: S603 - what is said above
            command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self._hear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def diagnose(self, case: Path) -> dict[str, Any]:
        """Return the seconds a diagnosis of a case file took, its verdict and its first cause."""
        print(json.dumps(str(case)), file=self._process.stdin, flush=True)
        told: dict[str, Any] = json.loads(self._hear())
        return told

    def _hear(self) -> str:
        if not (line := next(iter(self._process.stdout or ()), "")):
            raise SystemExit("A diagnosis has failed.")
        return line


@contextmanager
def checkout(revision: str) -> Iterator[Path]:
    """Yield a folder that holds the project as of `revision`."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["git", "archive", "--end-of-options", revision]
        files = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)  # noqa: S603 - git alone
        if files.returncode:
            raise SystemExit(f"{revision}: not in this checkout's history; --before takes any commit that is.")
        with tarfile.open(fileobj=io.BytesIO(files.stdout)) as archive:
            archive.extractall(folder, filter="data")
        yield Path(folder)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the seconds of every case in both versions, and how many times as quick the newer one is."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.diagnosis_before", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="cases whose name contains it; all without any")
    parser.add_argument("--set", choices=tuple(FOLDERS), default="cases")
    parser.add_argument("--before", default=BEFORE, metavar="REVISION", help="the earlier version (%(default)s)")
    chosen = parser.parse_args(arguments)
    paths = [
        path
        for path in sorted(FOLDERS[chosen.set].glob("*.json"))
        if not chosen.names or any(name in path.stem for name in chosen.names)
    ]
    seconds: list[tuple[float, float]] = []
    with checkout(chosen.before) as folder, Version(folder) as earlier, Version(ROOT) as today:
        print(f"{'case':<44} {'before':>8} {'today':>8}")
        for path in paths:
            before, now = earlier.diagnose(path), today.diagnose(path)
            seconds.append((before["seconds"], now["seconds"]))
            said = f"{before['verdict']} {before['cause']} → {now['verdict']} {now['cause']}"
            print(f"{path.stem:<44} {seconds[-1][0]:7.1f}s {seconds[-1][1]:7.1f}s  {said}", flush=True)
    columns = list(zip(*seconds, strict=True))
    for name, figure in (("median", statistics.median), ("longest", max)):
        print(f"{name:<44}", *(f"{figure(column):7.1f}s" for column in columns))
    print(f"a case takes {math.exp(statistics.fmean(math.log(a / b) for a, b in seconds)):.2f} times as long before")


if __name__ == "__main__":
    main()
