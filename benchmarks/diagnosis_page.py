"""How often the diagnosis is right: the figures over scored programs, and the page that tells them."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from benchmarks.ablation import ABLATIONS, Answer
from benchmarks.programs import DATA_SETS
from benchmarks.scores import FOLDERS, Scored, programs

HEALTHY_SHARE: Final = 0.75
"""A control explains this share of what the best program on its data does, in every seed."""
FAULTY_SHARE: Final = 0.5
"""A faulty program explains less than this share of it, in every seed."""


def truthful(scored: Sequence[Scored]) -> list[Scored]:
    """Return the generated programs that are what they are meant to be, judged by training alone."""
    known = {program.id: program for program in programs()}
    reached = shares(scored)
    kept = []
    for one in scored:
        program = known[one.name]
        mine = reached[one.name]
        true = min(mine) >= HEALTHY_SHARE if program.cause is None else max(mine) < FAULTY_SHARE
        if true or not program.harms:
            kept.append(one)
    return kept


def shares(scored: Sequence[Scored]) -> dict[str, tuple[float, ...]]:
    """Return what each seed of a generated program explains, as a share of the best control on its data."""
    known = {program.id: program for program in programs()}
    best: dict[str, float] = {}
    for one in scored:
        if known[one.name].cause is None:
            data_set = known[one.name].data_set
            best[data_set] = max(best.get(data_set, 0.0), statistics.median(one.levels))
    return {
        one.name: tuple(level / max(best.get(known[one.name].data_set, 1.0), 1e-9) for level in one.levels)
        for one in scored
    }


def grey_figures(scored: Sequence[Scored]) -> dict[str, str]:
    """Return the false alarms over every generated program that works, the grey zone included, with an interval.

    A control works that explains half of what the best on its data does, the median over its seeds; one with a fault
    put in works where every seed explains as much as a control has to: there the fault does no harm.
    """
    known = {program.id: program for program in programs()}
    reached = shares(scored)
    works_ = [one for one in scored if known[one.name].harms and does_no_harm(one, reached[one.name])]
    alarms = [one.verdict == "faulty" for one in works_]
    found = dict.fromkeys(figures(scored), "")
    if works_:
        low, high = by_data_set([known[one.name].data_set for one in works_], alarms)
        found["false alarms"] = f"{_share(alarms, works_)}, 95 % interval {low:.1%} … {high:.1%}"
    found["undecided, of all"] = _share((one.verdict == "undecided" for one in scored), scored)
    return found


def does_no_harm(one: Scored, reached: Sequence[float]) -> bool:
    """Whether a generated program works, by what each of its seeds explains as a share of the best (`shares`)."""
    return min(reached) >= HEALTHY_SHARE if one.faulty else statistics.median(reached) >= FAULTY_SHARE


def true_causes(scored: Sequence[Scored]) -> dict[str, frozenset[str]]:
    """Return the causes that are right of each generated program, none left out; none where a fault does no harm."""
    known = {program.id: program for program in programs()}
    reached = shares(scored)
    broken = {
        one.name
        for one in scored
        if one.faulty and not (known[one.name].harms and does_no_harm(one, reached[one.name]))
    }
    return {one.name: one.accepted if one.name in broken else frozenset() for one in scored}


_RESAMPLED: Final = 2000


def by_data_set(data_sets: Sequence[str], hits: Sequence[bool]) -> tuple[float, float]:
    """Return the 95 % interval of a share, data sets drawn and not programs: those of one data set are alike.

    A percentile bootstrap over clusters (Davison & Hinkley 1997, section 3.8); where there is no hit at all, up to
    1 - 0.05^(1 / data sets), as if each data set were one program.
    """
    names = sorted(set(data_sets))
    counts = np.array([[sum(h for d, h in zip(data_sets, hits, strict=True) if d == name), data_sets.count(name)]
                       for name in names])  # fmt: skip
    if not counts[:, 0].any():
        return 0.0, 1 - 0.05 ** (1 / len(names))
    drawn = np.random.default_rng(0).integers(len(names), size=(_RESAMPLED, len(names)))
    totals = counts[drawn].sum(axis=1)
    low, high = np.quantile(totals[:, 0] / totals[:, 1], [0.025, 0.975])
    return float(low), float(high)


def figures(scored: Sequence[Scored]) -> dict[str, str]:
    """Return the figures over some programs, as text."""
    faulty = [one for one in scored if one.faulty]
    healthy = [one for one in scored if not one.faulty and one.truth in {"", "healthy"}]
    fixable = [one for one in faulty if one.fixable]
    judged = [one for one in fixable if one.truth]
    times = {}
    if scored and all(one.plain for one in scored):
        seconds, held = [one.seconds for one in scored], [one.seconds / one.plain for one in scored]
        times = {
            "median seconds": f"{statistics.median(seconds):.1f}",
            "longest": f"{max(seconds):.1f}",
            "a plain training, seconds": f"{statistics.median(one.plain for one in scored):.1f}",
            "median, in plain trainings": f"{statistics.median(held):.2g}",
            "longest, in plain trainings": f"{max(held):.2g}",
        }
    return {
        "detected": _share((one.verdict == "faulty" for one in faulty), faulty),
        "false alarms": _share((one.verdict == "faulty" for one in healthy), healthy),
        "top 1": _share((one.rank == 1 for one in faulty), faulty),
        "top 1, the very name": _share((one.causes[:1] == (one.cause,) for one in faulty), faulty),
        "top 3": _share(((one.rank or 9) <= 3 for one in faulty), faulty),
        "undecided, of all": _share((one.verdict == "undecided" for one in scored), scored),
        "first fix proven in every seed": _share((one.fixed for one in faulty), faulty),
        "… where a fix can raise the skill": _share((one.fixed for one in fixable), fixable),
        "what is proposed works on fresh seeds": _share((bool(one.alive) for one in judged), judged),
        "as it should be": _share((one.right for one in scored), scored),
        **times,
    }


def _share(hits: Iterable[bool], of: Sequence[Scored]) -> str:
    number = sum(hits)
    return f"{number} of {len(of)} ({number / len(of):.0%})" if of else "–"


_STEADY: Final = """
With another base seed, which gives other splits, first weights and orders of rows (`--seed 100 --records`, then
`--again`), the verdicts are the same in
"""


def steadiness(scored: Sequence[Scored], again: Sequence[Scored]) -> str:
    """Return of how many programs the verdict is the same with another base seed, by set, and of which it is not."""
    other = {(one.set, one.name): one.verdict for one in again}
    both = [one for one in scored if (one.set, one.name) in other]
    same = {(one.set, one.name): one.verdict == other[one.set, one.name] for one in both}
    sets = {one.set: [name for name in both if name.set == one.set] for one in both}
    shares_ = [f"{_share((same[o.set, o.name] for o in mine), mine)} of *{name}*" for name, mine in sets.items()]
    total = _share(same.values(), both)
    flipped = "; ".join(sorted(name for (_, name), kept in same.items() if not kept))
    return f"{', '.join(shares_)}; together {total}. Others: {flipped or 'none'}."


_BINS: Final = (0.0, 0.3, 0.6, 0.8, 0.95, 1.0)


def reliability(scored: Sequence[Scored], truth: Mapping[str, frozenset[str]]) -> str:
    """Return how often a named cause is right, by the confidence it was named with.

    A reliability diagram in numbers (Niculescu-Mizil & Caruana 2005, "Predicting good probabilities"), with the
    expected calibration error over its bins (Naeini et al. 2015) and the Brier score.
    """
    named = [
        (confidence, cause in truth[one.name])
        for one in scored
        for cause, confidence in zip(one.causes, one.confidences, strict=True)
    ]
    rows = ["| confidence | causes named | mean confidence | right |", "|---|---|---|---|"]
    error = 0.0
    for low, high in itertools.pairwise(_BINS):
        mine = [(c, right) for c, right in named if low <= c < high]
        if mine:
            mean, share = (statistics.mean(column) for column in zip(*mine, strict=True))
            rows.append(f"| {low:g} … {high:g} | {len(mine)} | {mean:.0%} | {share:.0%} |")
            error += len(mine) / len(named) * abs(mean - share)
    brier = statistics.mean((c - right) ** 2 for c, right in named) if named else 0.0
    return "\n".join([*rows, "", f"Expected calibration error {error:.1%}, Brier score {brier:.3f}."])


_ABLATION: Final = ("detected", "false alarms", "top 1", "undecided, of all")
"""The figures that are told of a diagnosis without some of its parts."""


def ablation(sets: Mapping[str, Sequence[Scored]]) -> str:
    """Return how good the diagnosis is beside one that has only some of its parts, by set."""
    rows = ["| set | diagnosis | " + " | ".join(_ABLATION) + " |", "|---|---" + "|---" * len(_ABLATION) + "|"]
    for name, scored in sets.items():
        for parts in ("in full", *ABLATIONS):
            found = figures([one if parts == "in full" else _said(one, one.ablated[parts]) for one in scored])
            rows.append(f"| {name} | {parts} | {' | '.join(found[row] for row in _ABLATION)} |")
    return "\n".join(rows)


def _said(one: Scored, answer: Answer) -> Scored:
    causes = answer.causes if answer.verdict == "faulty" else ()
    return replace(one, verdict=answer.verdict, causes=causes)


def _table(columns: Mapping[str, Mapping[str, str]]) -> str:
    names = list(dict.fromkeys(name for column in columns.values() for name in column))
    rows = [["", *columns], *([name, *(column.get(name, "") for column in columns.values())] for name in names)]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([lines[0], "|---" * len(rows[0]) + "|", *lines[1:]])


def _by_cause(scored: Sequence[Scored]) -> str:
    causes = sorted({one.cause for one in scored if one.faulty})
    rows = []
    for cause in causes:
        mine = [one for one in scored if one.cause == cause]
        missed = sorted(one.name for one in mine if not one.right)
        rows.append(f"| `{cause}` | {len(mine)} | {_share((one.right for one in mine), mine)} | {'; '.join(missed)} |")
    return "\n".join(["| cause | programs | top 1 | missed |", "|---|---|---|---|", *rows])


_INTRODUCTION: Final = """\
# How often the diagnosis is right

Written by `make diagnosis-benchmark`. A program is a spec whose state is known. *Faulty* is said only where harm was
shown, by a repair that gains on seeds the search has not seen, or where the program cannot be right whatever its
weights; *undecided* where neither is known. A verdict that hangs on one seed gets up to twelve more: the errors it is
judged by do not allow for that. *Top 1* and *top 3* say how often the first, or one of the first three
causes named, is accepted; *the very name* how often it is the one that was put in. Some faults have several names (too
low a learning rate and too few steps): every cause whose repair alone undoes the fault is accepted, and listed beside
it in [benchmarks/faults.py](../benchmarks/faults.py). The *first fix* of a cause that is cured together with others is
that of all of them. A proposal *works on fresh seeds* where each of three seeds that no diagnosis trained gains 0.2 of
skill. Seconds are those of a diagnosis in a process that has loaded TensorFlow, on two shared cores, one at a time
beside a helper that is ready, as in the app and on the command line. They do not carry over to other machines; what
does is how many *plain trainings* fit into them: a plain training is `model.fit` of the second lesson's program, 100
epochs of 100 rows, from the call to the result, on the same machine in the same run.

*real*: programs people asked about, most of them with several faults at once; *sceptic*: honest programs that look
faulty and faults that look honest. The rules were written with both at hand. No number of a rule was fitted to them,
but changes of the search and of the verdict were judged by them too; programs of the same kinds that nobody here has
seen are the better test.
"""
_GENERATED: Final = """
The generated set: {controls} healthy controls, textbook recipes on {data_sets} data sets, and {faults} faults each put
into one of them, with three seeds per program. Thresholds were chosen on the first half of the data sets; the second
was kept for the figures. {left_out} of {all} programs were left out, judged by training alone: a control has to
explain {healthy:.0%} of what the best one on its data does in every seed, a faulty program less than {faulty:.0%} in
every seed. The *grey zone* columns leave no control out that explains half of what the best on its data does, and count
faults that turned out harmless as controls, with an interval over data sets, not programs.
The second half is not quite untouched: an earlier run on it showed that duplicate rows were taken for skill, which was
mended, and it was looked at when the order of the search was left to guesses instead of counts.
"""


_RELIABILITY: Final = """
How much a confidence is worth, over the half of the generated set that it was not fitted to, grey zone included: of
the causes that were named with it, how many are right. A fault that does no harm is none, and two causes of one program
may both be right. What a suspicion is worth ([evidence.md](evidence.md)) and what trials make of it was measured on the
calibration half (`python -m benchmarks.evidence`).

"""


_ABLATED: Final = """
What the parts of the diagnosis are worth, on the same programs: *suspicion only* takes the likeliest suspicion for the
cause and tries nothing (a fault from 0.5 on); *rate sweep only* tries a thousandth to a hundredfold of the learning
rate and nothing else, as is often advised, and calls a clear gain in every seed a fault; *no yardstick* does not know
what simple models find in the same columns. Written with `--ablation`.

"""


def page(cases: Sequence[Scored], made: Sequence[Scored], again: Sequence[Scored] = ()) -> str:
    """Return the figures over case files and generated programs as a page; `again` are those of another base seed."""
    kept = truthful(made)
    sets = {name: [one for one in cases if one.set == name] for name in FOLDERS}
    columns = {name: figures(mine) for name, mine in sets.items() if mine}
    for half in ("calibration", "report"):
        name = f"generated, {half} half"
        sets[name] = [one for one in kept if one.set == half]
        if every := [one for one in made if one.set == half]:
            columns[name], columns[f"{half} half, grey zone"] = figures(sets[name]), grey_figures(every)
    parts = [_INTRODUCTION]
    if made:
        faults = sum(program.cause is not None for program in programs())
        parts.append(
            _GENERATED.format(
                faults=faults,
                controls=len(programs()) - faults,
                data_sets=len(DATA_SETS),
                left_out=len(made) - len(kept),
                all=len(made),
                healthy=HEALTHY_SHARE,
                faulty=FAULTY_SHARE,
            )
        )
    parts.append(_table(columns))
    if again:
        parts.append(_STEADY.rstrip() + " " + steadiness([*cases, *made], again))
    if made:
        parts.append(_by_cause(kept))
    if unseen := [one for one in made if one.set == "report"]:
        parts.append(_RELIABILITY + reliability(unseen, true_causes(unseen)))
    if asked := {name: mine for name, mine in sets.items() if mine and all(one.ablated for one in mine)}:
        parts.append(_ABLATED + ablation(asked))
    return "\n".join(part.strip() + "\n" for part in parts)
