"""The same lab without a browser: ``python -m core run|diagnose|bench|backup|restore``."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import core
from core.columns import Columns, in_columns
from core.errors import InputRefused

if TYPE_CHECKING:
    from core.bench import Case

DONE, FAILED, REFUSED = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; return the exit status: 0 done, 1 the work failed, 2 the input was refused."""
    parser = _parser()
    try:
        chosen = parser.parse_args(arguments)
    except SystemExit as leaving:
        return int(leaving.code or 0)
    verb: Callable[[argparse.Namespace], int] = chosen.verb
    try:
        return verb(chosen)
    except InputRefused as refusal:
        print(refusal, file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return FAILED
    except BrokenPipeError:
        # The reader of a pipe left; there is no one to tell.
        sys.stderr.close()
        return FAILED
    except Exception as error:
        logging.getLogger(__name__).debug("the work failed", exc_info=True)
        reason = " ".join(str(error).split())[:300]
        print(f"The work failed: {type(error).__name__}: {reason}", file=sys.stderr)
        return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m core", description=core.__doc__)
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    run = verbs.add_parser("run", help="train all variants of a spec, here")
    run.add_argument("spec", metavar="SPEC.json")
    run.add_argument("--json", action="store_true", help="print the results as JSON")
    run.add_argument("--plot", metavar="OUT.html", help="write the loss curves as a page that needs nothing else")
    run.set_defaults(verb=_run)
    diagnose = verbs.add_parser("diagnose", help="name what causes a bad loss, proven by training")
    what = diagnose.add_mutually_exclusive_group(required=True)
    what.add_argument("spec", nargs="?", metavar="SPEC.json")
    what.add_argument("--log", metavar="LOG.csv", help="instead of a spec: the history another program wrote")
    diagnose.add_argument("--json", action="store_true", help="print the report as JSON")
    diagnose.set_defaults(verb=_diagnose)
    audit = verbs.add_parser("audit", help="who signed in, submitted, shared and deleted, in the lab of these settings")
    audit.add_argument("--json", action="store_true", help="print everything as JSON")
    audit.set_defaults(verb=_audit)
    bench = verbs.add_parser("bench", help="how fast, against plain model.fit, in one run")
    bench.add_argument("--json", action="store_true", help="print the figures as JSON")
    bench.set_defaults(verb=_bench)
    backup = verbs.add_parser("backup", help="copy the lab of LOSSLAB_DATA into a new folder, while it works")
    backup.add_argument("folder", type=Path, metavar="FOLDER")
    backup.set_defaults(verb=_backup)
    restore = verbs.add_parser("restore", help="make the lab of LOSSLAB_DATA, which is not there yet, of a backup")
    restore.add_argument("folder", type=Path, metavar="FOLDER")
    restore.set_defaults(verb=_restore)
    return parser


def _run(chosen: argparse.Namespace) -> int:
    results = core.train(core.load_spec(chosen.spec), _progress_bar if sys.stderr.isatty() else None)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    print(json.dumps(results, allow_nan=False) if chosen.json else in_columns(_RUN_COLUMNS, results["runs"]))
    if chosen.plot:
        from core.plot import write_page

        write_page(results, chosen.plot)
    return FAILED if all(run["state"] == "failed" for run in results["runs"]) else DONE


def _progress_bar(progress: Any) -> None:
    share = (progress.run + progress.epoch / progress.spec.training.epochs) / progress.runs
    bar = "█" * round(30 * share)
    print(f"\r{bar:<30} run {progress.run + 1} of {progress.runs}, epoch {progress.epoch}  ", end="", file=sys.stderr)


def _diagnose(chosen: argparse.Namespace) -> int:
    if chosen.log:
        report = _diagnose_log(chosen.log)
    else:
        report = core.diagnose(core.load_spec(chosen.spec), _stage if sys.stderr.isatty() else None)
        if sys.stderr.isatty():
            print(file=sys.stderr)
    print(json.dumps(report, allow_nan=False) if chosen.json else _found(report["variants"]))
    return DONE


def _found(variants: Sequence[Mapping[str, Any]]) -> str:
    from core.diagnosis.text import as_text

    return "\n\n".join(as_text(variant, _named(variant) if variant["variant"] else "") for variant in variants)


def _diagnose_log(path: str) -> dict[str, Any]:
    from core.diagnosis.log import diagnose_log

    try:
        table = core.read_table(Path(path).read_bytes(), path)
    except OSError as error:
        raise core.InputRefused(f"{path}: cannot be read ({error.strerror}).", "log") from None
    return diagnose_log(table)


def _stage(progress: Any) -> None:
    where = f"variant {progress.variant + 1} of {progress.variants}"
    print(f"\r{where}: {progress.runs} runs trained, now {progress.stage}  ", end="", file=sys.stderr)


def _backup(chosen: argparse.Namespace) -> int:
    from core.jobs.storage.backup import back_up
    from core.settings import load_settings

    return _copied(back_up(load_settings(), chosen.folder))


def _restore(chosen: argparse.Namespace) -> int:
    from core.jobs.storage.backup import restore
    from core.settings import load_settings

    return _copied(restore(chosen.folder, load_settings()))


def _copied(copied: Any) -> int:
    print(f"{copied.experiments} experiments and {copied.files} files were copied.")
    for name in copied.damaged:
        print(f"{name[:8]}…: the file is damaged and was left out; upload it again.", file=sys.stderr)
    return FAILED if copied.damaged else DONE


def _audit(chosen: argparse.Namespace) -> int:
    from core.jobs.people.audit import entries
    from core.jobs.storage.database import Database
    from core.settings import load_settings

    database = Database(load_settings())
    try:
        rows = [
            {"moment": f"{entry.moment:%Y-%m-%dT%H:%M:%SZ}", "name": entry.name, "person": entry.person,
             "deed": entry.deed, "what": entry.what}
            for entry in entries(database, sys.maxsize if chosen.json else _AUDIT_LINES)
        ]  # fmt: skip
    finally:
        database.close()
    print(json.dumps(rows) if chosen.json else in_columns(_AUDIT_COLUMNS, rows))
    return DONE


def _bench(chosen: argparse.Namespace) -> int:
    from core.bench import CASES

    rows = benchmark(CASES)
    print(json.dumps({"cases": rows}) if chosen.json else bench_table(rows))
    return DONE


def benchmark(cases: Iterable[Case]) -> list[dict[str, Any]]:
    """Measure `cases`, naming each on stderr as it is done; see `core.bench.measure`."""
    from core.bench import measure

    rows = []
    for case in cases:
        rows.append(measure(case))
        print(f"{case.name}: {rows[-1]['warm_ratio']:.0f}× warm", file=sys.stderr)
    return rows


def bench_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return what `benchmark` measured as text, a line per case."""
    return in_columns(_BENCH_COLUMNS, rows)


def _number(value: Any, pattern: str = ".4g") -> str:
    return "–" if value is None else format(value, pattern)


def _last(run: Mapping[str, Any], name: str) -> Any:
    return (run["history"].get(name) or [None])[-1]


def _state(run: Mapping[str, Any]) -> str:
    if run["state"] == "diverged":
        return f"diverged at epoch {run['diverged_at']}"
    return f"failed: {run['error']}" if run["state"] == "failed" else str(run["state"])


def _named(variant: Mapping[str, Any]) -> str:
    return ", ".join(f"{path.split('.')[-1]} {value}" for path, value in variant["variant"].items()) or "–"


_RUN_COLUMNS: Final[Columns] = {
    "variant": _named,
    "seed": lambda run: str(run["seed"]),
    "loss": lambda run: _number(_last(run, "loss")),
    "val loss": lambda run: _number(_last(run, "val_loss")),
    "baseline": lambda run: _number((run["baseline"] or {}).get("loss")),
    "skill": lambda run: _number(run["skill"], ".3f"),
    "val skill": lambda run: _number(run["val_skill"], ".3f"),
    "epochs": lambda run: str(run["epochs"]),
    "seconds": lambda run: _number(run["seconds"], ".2f"),
    "state": _state,
}

_AUDIT_LINES: Final = 100

_AUDIT_COLUMNS: Final[Columns] = {
    name: lambda row, name=name: str(row[name])  # type: ignore[misc]
    for name in ("moment", "name", "deed", "what", "person")
}

_BENCH_COLUMNS: Final[Columns] = {
    "case": lambda row: str(row["name"]),
    "epochs": lambda row: str(row["epochs"]),
    "compiler": lambda row: str(row["compiler"]),
    "fit ms/epoch": lambda row: _number(row["fit_epoch"] * 1000, ".1f"),
    "lab ms/epoch": lambda row: _number(row["lab_warm"] / row["epochs"] * 1000, ".2f"),
    "warm ratio": lambda row: _number(row["warm_ratio"], ".0f") + "×",
    "telemetry": lambda row: _number(row["telemetry_cost"], "+.0%"),
    "fit cold s": lambda row: _number(row["fit_cold"], ".2f"),
    "lab cold s": lambda row: _number(row["lab_cold"], ".2f"),
    "cold ratio": lambda row: _number(row["cold_ratio"], ".1f") + "×",
    "deviation": lambda row: _number(row["deviation"], ".1e"),
}


if __name__ == "__main__":
    status = main()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    # A thread of Arrow that still lets go of a Python object would abort an interpreter that is ending.
    os._exit(status)
