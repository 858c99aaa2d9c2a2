"""How good the diagnosis is, on programs whose cause is known: ``python -m benchmarks.diagnosis [NAME …]``.

Case files, one after the other as a person would ask: those in ``tests/cases``, real programs and programs that fool a
diagnosis in folders below. And the generated set of `benchmarks.programs` and `benchmarks.faults`, as many at once as
there are processors.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

from benchmarks.ablation import answers
from benchmarks.diagnosis_page import page
from benchmarks.programs import LabelledProgram
from benchmarks.repair import proposed, works
from benchmarks.scores import FILES, FOLDERS, Scored, programs, read
from core.bench import CASES, measure
from core.data.prepare.cache import Preparation
from core.diagnosis.causes.catalogue import CAUSES
from core.diagnosis.causes.cause import suspects
from core.diagnosis.diagnosis import Doctor, diagnose_with
from core.diagnosis.evidence.facts import Examination
from core.diagnosis.trials.trial import quality
from core.spec import ExperimentSpec, load_spec
from core.training.crew import Crew

_TASKS_PER_PROCESS: Final = 30


_UNFIXABLE: Final = frozenset({"no_signal", "constant_target", "leakage"})


def _scored(
    name: str, set_: str, cause: str, accepted: Iterable[str], report: Mapping[str, Any], begin: float
) -> Scored:
    first = report["causes"][0] if report["causes"] else None
    in_set = first is not None and first["part"] in {"necessary", "helpful"}
    trial = (report["combined"] if in_set else first or {}).get("trial")  # A part is cured with the others.
    return Scored(
        name=name,
        set=set_,
        cause=cause,
        verdict=report["verdict"],
        causes=tuple(entry["cause"] for entry in report["causes"]),
        accepted=frozenset(accepted),
        fixed=trial is not None and trial["proven"],
        confidences=tuple(entry["confidence"] for entry in report["causes"]),
        fixable=first is not None and first["cause"] not in _UNFIXABLE,
        seconds=time.perf_counter() - begin,
    )


@cache
def _load() -> None:
    """Have this process load TensorFlow and scikit-learn, so that the first case does not pay for it."""
    preparation = Preparation()
    runs = load_spec({"data": {"source": "sample:iris", "target": "species"}, "training": {"epochs": 3}}).runs()
    with Crew(preparation, helpers=0) as crew:
        Doctor(crew, Examination(preparation), budget=0).diagnose(runs)


@cache
def _plain_seconds() -> float:
    """Return how long plain ``model.fit`` takes here for the second lesson's program: 100 rows, 100 epochs."""
    return float(measure(CASES[1])["fit_cold"])


def score_case(path: Path, set_: str = "cases", seed: int = 0, *, ablate: bool = False) -> Scored:
    """Diagnose one case file and train what it proposes; `seed` is added to its own.

    With a helper that is ready, as in the app and on the command line, where it loads TensorFlow meanwhile.
    """
    case = json.loads(path.read_text(encoding="utf-8"))
    (run,) = load_spec(path).runs()[:1]
    spec = run.changed({"training.seed": run.training.seed + seed})
    accepted, preparation = (*case["expect"], *case["also_accept"]), Preparation()
    _load()
    with Crew(preparation) as crew:
        crew.start(wait=True)
        begin = time.perf_counter()
        found = diagnose_with(_seeded(path, spec.training.seed), crew, Examination(preparation), at_once=crew.size)
        report = found["variants"][0]
        scored = _scored(case["id"], set_, next(iter(case["expect"]), ""), accepted, report, begin)
    fix = proposed(report)
    asked = tuple(question["cause"] for question in report["questions"])
    return replace(
        scored,
        truth=case["verdict"],
        asked=asked,
        alive=None if fix is None else works(run, fix),
        ablated=answers([spec]) if ablate else {},
        plain=_plain_seconds(),
    )


def _seeded(path: Path, seed: int) -> ExperimentSpec:
    spec = load_spec(path)
    return spec.model_copy(update={"training": spec.training.model_copy(update={"seed": seed})})


def score_program(program: LabelledProgram, seed: int = 0, *, ablate: bool = False) -> Scored:
    """Diagnose one generated program, in this process alone; `seed` is added to its own."""
    preparation = Preparation()
    begin = time.perf_counter()
    runs = load_spec(program.spec).at(FILES).runs()
    runs = tuple(run.changed({"training.seed": run.training.seed + seed}) for run in runs)
    with Crew(preparation, helpers=0) as crew:
        report = Doctor(crew, Examination(preparation)).diagnose(runs)
    accepted = {program.cause or "", *program.also_accept}
    scored = _scored(program.id, program.half, program.cause or "", accepted, report.as_dict(), begin)
    return replace(
        scored,
        levels=tuple(quality(result) for result in report.before),
        ablated=answers(runs) if ablate else {},
        signs=tuple(
            (suspect.cause.id, piece.sign, piece.strength)
            for suspect in suspects(report.observed, CAUSES.values())
            for piece in suspect.evidence
        ),
        proofs=tuple(finding.proof for finding in report.findings if finding.proof is not None),
    )


def score_programs(chosen: Sequence[LabelledProgram], seed: int = 0, *, ablate: bool = False) -> Iterator[Scored]:
    """Yield the scores as they come, each processor with programs of its own."""
    workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    # Not concurrent.futures: its max_tasks_per_child hangs (github.com/python/cpython/issues/115634).
    with get_context("spawn").Pool(workers, maxtasksperchild=_TASKS_PER_PROCESS) as pool:
        yield from pool.imap_unordered(partial(score_program, seed=seed, ablate=ablate), chosen)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one line per program and the figures; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.diagnosis", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="programs whose name contains it; all without any")
    parser.add_argument("--set", choices=(*FOLDERS, "generated", "all"), default="cases")
    parser.add_argument("--seed", type=int, default=0, help="added to the seed of each program")
    parser.add_argument("--half", choices=("calibration", "report"), help="one half of the generated set alone")
    parser.add_argument("--folder", type=Path, help="where the case files are, if elsewhere")
    parser.add_argument("--ablation", action="store_true", help="ask a diagnosis that has only some of its parts, too")
    parser.add_argument("--write", type=Path, metavar="PAGE.md", help="write the figures as a page")
    parser.add_argument("--read", type=Path, nargs="+", metavar="FILE", help="train nothing: take what was recorded")
    parser.add_argument("--again", type=Path, nargs="+", default=(), metavar="FILE", help="what another seed recorded")
    parser.add_argument("--records", type=Path, metavar="FILE", help="write every score as a line of JSON")
    chosen = parser.parse_args(arguments)

    def wanted(name: str) -> bool:
        return not chosen.names or any(part in name for part in chosen.names)

    # Loading TensorFlow takes three seconds, once; what is timed is a diagnosis.
    import core.training.run  # noqa: F401

    if chosen.read:
        every = [one for path in chosen.read for one in read(path) if wanted(one.name)]
        cases, made = ([one for one in every if (one.set in FOLDERS) is known] for known in (True, False))
    else:
        cases, made = [], []
        for set_ in [name for name in FOLDERS if chosen.set in {name, "all"}]:
            files = [p for p in sorted((chosen.folder or FOLDERS[set_]).glob("*.json")) if wanted(p.stem)]
            cases += told(score_case(path, set_, chosen.seed, ablate=chosen.ablation) for path in files)
        if chosen.set in {"generated", "all"}:
            some = [program for program in programs(chosen.half) if wanted(program.id)]
            made = told(score_programs(some, chosen.seed, ablate=chosen.ablation))
    if chosen.records:
        chosen.records.write_text("".join(json.dumps(asdict(one), default=sorted) + "\n" for one in [*cases, *made]))
    text = page(cases, made, [one for path in chosen.again for one in read(path)])
    if chosen.write:
        chosen.write.write_text(text, encoding="utf-8")
    print(text)
    return 0


def told(scores: Iterable[Scored]) -> list[Scored]:
    """Return the scores, each printed as it comes."""
    every = []
    for one in scores:
        mark = "ok" if one.right else "--"
        words = [
            f"{mark} {one.name:<44} {one.verdict:<8} {one.seconds:5.1f} s  fixed {'yes' if one.fixed else 'no ':<4}"
        ]
        print(*words, *one.causes[:4], file=sys.stderr, flush=True)
        every.append(one)
    return every


if __name__ == "__main__":
    sys.exit(main())
