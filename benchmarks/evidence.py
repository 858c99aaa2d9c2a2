"""What evidence is worth, measured: ``python -m benchmarks.evidence [--records FILE]``.

Counts in how many programs of the calibration half each sign is right, and fits how sure a cause is that is named with
a score; writes both to core/diagnosis.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.diagnosis import score_programs, told
from benchmarks.diagnosis_page import true_causes
from benchmarks.scores import Scored, programs, read
from core.diagnosis import confidence
from core.diagnosis.causes import weights
from core.diagnosis.causes.catalogue import CAUSES
from core.diagnosis.causes.weights import Counts, Seen, weight
from core.diagnosis.confidence import Calibration, Proof, log_odds

WEIGHTS: Final = Path(weights.__file__).with_suffix(".json")
CALIBRATION: Final = Path(confidence.__file__).with_suffix(".json")
_PENALTY: Final = 100.0
"""Hardly any: scikit-learn's C, the inverse of the penalty on the slope."""


def counted(scored: Iterable[Scored], truth: Mapping[str, frozenset[str]]) -> Counts:
    """Return in how many programs each sign was seen, with the cause it speaks for and without."""
    counts: dict[str, dict[str, Seen]] = defaultdict(dict)
    for one in scored:
        for cause, sign in {(cause, sign) for cause, sign, _ in one.signs if sign}:
            right, wrong = counts[cause].get(sign, Seen(0, 0))
            true = cause in truth[one.name]
            counts[cause][sign] = Seen(right + true, wrong + (not true))
    return counts


def likely(one: Scored, cause: str, counts: Counts) -> float:
    """Return how likely the evidence made a cause of one program, by these counts (as `Suspect.likely`)."""
    return 1 - math.prod(1 - weight(cause, sign, guess, counts) for name, sign, guess in one.signs if name == cause)


def scores(scored: Sequence[Scored], truth: Mapping[str, frozenset[str]]) -> list[tuple[float, bool]]:
    """Return the score of each named cause, and whether it is right; weights are those of the other data sets."""
    data_set = {program.id: program.data_set for program in programs()}
    found = []
    for name in sorted({data_set[one.name] for one in scored}):
        counts = counted((one for one in scored if data_set[one.name] != name), truth)
        found += [
            (Proof(*proof).score(likely(one, cause, counts)), cause in truth[one.name])
            for one in scored
            if data_set[one.name] == name
            for cause, proof in zip(one.causes, one.proofs, strict=True)
        ]
    return found


def calibrated(scored: Sequence[tuple[float, bool]]) -> Calibration:
    """Return the calibration that these scores ask for."""
    from sklearn.linear_model import LogisticRegression

    odds = np.array([[log_odds(score)] for score, _ in scored])
    fitted = LogisticRegression(C=_PENALTY).fit(odds, [right for _, right in scored])
    return Calibration(round(float(fitted.intercept_[0]), 3), round(float(fitted.coef_[0, 0]), 3))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.evidence", description=__doc__)
    parser.add_argument("--records", type=Path, metavar="FILE", help="what `benchmarks.diagnosis` recorded")
    chosen = parser.parse_args(arguments)
    made = read(chosen.records) if chosen.records else told(score_programs(programs("calibration")))
    scored = [one for one in made if one.set == "calibration"]
    truth = true_causes(scored)
    counts = counted(scored, truth)
    WEIGHTS.write_text(_file(counts, truth), encoding="utf-8")
    fitted = calibrated(scores(scored, truth))
    CALIBRATION.write_text(json.dumps(fitted._asdict()) + "\n", encoding="utf-8")
    print(f"{len(scored)} programs, {sum(map(len, counts.values()))} signs, {fitted}")
    return 0


def _file(counts: Counts, truth: Mapping[str, frozenset[str]]) -> str:
    having = {cause: sum(cause in causes for causes in truth.values()) for cause in sorted(CAUSES)}
    programs_ = {cause: json.dumps([with_, len(truth) - with_]) for cause, with_ in having.items()}
    signs = {cause: json.dumps(dict(sorted(counts[cause].items()))) for cause in sorted(counts)}
    return f'{{"programs": {_lines(programs_)}, "signs": {_lines(signs)}}}\n'


def _lines(entries: Mapping[str, str]) -> str:
    return "{\n" + ",\n".join(f"  {json.dumps(name)}: {entry}" for name, entry in entries.items()) + "\n}"


if __name__ == "__main__":
    sys.exit(main())
