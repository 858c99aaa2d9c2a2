"""Settings of one kind ranked by skill, which, unlike the loss, means the same under every scaling and every target.

A few seeds tell an effect from luck: each setting is ranked by the median of its seeds and shown with all of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from statistics import median
from typing import Any, Final

from core.diagnosis.evidence.limits import FEWEST_SEEDS
from core.jobs.storage.records import Experiment, Run, State
from core.plot import DOTTED, TEXT
from core.ui.chart.names import differing, named, variants_of
from core.ui.lab.knobs import show_value
from core.ui.text import skill_text
from core.ui.words import separators, t

FEWEST: Final = 3
"""Fewer settings need no ranking."""
_LOWEST_SHOWN: Final = -0.5
_ROW_PIXELS: Final = 34
_NEUTRAL: Final = "#808080"


@dataclass(frozen=True)
class Ranked:
    """One setting: its value as the spec has it and in words, and which variant of the experiment it is.

    `seeds` has the skill of each seed; minus infinity where it diverged or failed, which is worse than any skill.
    """

    value: Any
    label: str
    seeds: Mapping[int, float]
    place: int

    @property
    def skills(self) -> list[float]:
        """The skills of the seeds that have a result, ascending."""
        return sorted(skill for skill in self.seeds.values() if skill > -math.inf)

    @property
    def median(self) -> float:
        """The median skill; minus infinity where most seeds have no result."""
        return median(self.seeds.values())

    def ahead_of(self, other: Ranked) -> tuple[int, int, float]:
        """Return in how many seeds this is better than `other`, of how many both have, and the median gap.

        A seed splits the rows and starts the weights alike for both. The gap is infinite where one has no result in
        most of them.
        """
        pairs = [(skill, other.seeds[seed]) for seed, skill in self.seeds.items() if seed in other.seeds]
        gaps = [0.0 if one == two else one - two for one, two in pairs]
        return sum(gap > 0 for gap in gaps), len(gaps), median(gaps) if gaps else math.inf

    def always_below(self, other: Ranked) -> bool:
        """Return whether `other` is better in every seed both have; a seed splits the rows alike for both."""
        wins, seeds, _ = other.ahead_of(self)
        return wins == seeds


@dataclass(frozen=True)
class Ranking:
    """All values of the one setting, at `path`, that an experiment varies, the best first.

    With an empty `path` they are all its variants, whatever they differ in.

    The skill is that on validation rows if there is `validation`; else on the rows that were trained on.
    """

    path: str
    rows: tuple[Ranked, ...]
    validation: bool

    @property
    def measure(self) -> str:
        """What the settings are ranked by."""
        return t("validation skill") if self.validation else t("training skill")


def rank(experiment: Experiment) -> Ranking | None:
    """Return the ranking of a finished experiment that varies one setting over three values or more, else None."""
    vary = experiment.spec.vary
    if len(vary) != 1 or not experiment.finished or len(next(iter(vary.values()))) < FEWEST:
        return None
    ((path, values),) = vary.items()
    ranking = _ranking(experiment, path, [({path: value}, value, show_value(path, value)) for value in values])
    return ranking if len(ranking.rows) >= FEWEST else None


def compare(experiment: Experiment) -> Ranking | None:
    """Return the ranking of all variants of a finished experiment, whatever they differ in; None with less than two."""
    variants, paths = variants_of(experiment), differing(experiment)
    if len(variants) < 2 or not experiment.finished:
        return None
    names = named([{path: show_value(path, variant.get(path)) for path in paths} for variant in variants])
    labelled = [(variant, variant, name) for variant, name in zip(variants, names, strict=True)]
    ranking = _ranking(experiment, "", labelled)
    return ranking if len(ranking.rows) > 1 else None


def _ranking(experiment: Experiment, path: str, labelled: Sequence[tuple[Mapping[str, Any], Any, str]]) -> Ranking:
    """Return the ranking of variants, each with its value and its label; without those that were cancelled."""
    validation = all(run.spec.data.validation_fraction > 0 for run in experiment.runs)
    ended = [run for run in experiment.runs if run.state != State.CANCELLED]
    rows = []
    for place, (variant, value, label) in enumerate(labelled):
        if skills := {run.seed: skill_of(run, validation=validation) for run in ended if run.variant == variant}:
            rows.append(Ranked(value, label, skills, place))
    return Ranking(path, tuple(sorted(rows, key=lambda row: -row.median)), validation)


def skill_of(run: Run, *, validation: bool) -> float:
    """Return the skill a run ended with, on validation rows or on those it trained on; minus infinity without one."""
    skill = (run.final or {}).get("val_skill" if validation else "skill") if run.state == State.DONE else None
    return skill if isinstance(skill, int | float) and math.isfinite(skill) else -math.inf


def verdict(ranking: Ranking) -> str:
    """Return in a sentence or two which setting is best and whether luck could have decided; plain text."""
    best, *others = ranking.rows
    if best.median == -math.inf:
        return t("No setting came to a result.") if ranking.path else t("No variant came to a result.")
    told = {"name": best.label, "measure": ranking.measure, "skill": skill_text(best.median)}
    first = t("“{name}” comes first with a {measure} of {skill}", **told)
    if len(best.seeds) < FEWEST_SEEDS:
        return f"{first}. {t('With so few seeds that may be luck.')}"
    if len(others) == 1:
        return _of_two(ranking, best, others[0])
    rivals = [t("“{name}”", name=row.label) for row in others if not row.always_below(best)]
    if not rivals:
        common = [best.ahead_of(row)[1] for row in others]
        if min(common) < FEWEST_SEEDS:
            return f"{first}. {t('With so few seeds in common that may be luck.')}"
        return f"{first}; {_beats_all(ranking, common)}{_by(best, others[0])}."
    those = ", ".join(rivals[:3])
    if len(rivals) > 3:
        those = t("{names} and {count} more", names=those, count=len(rivals) - 3)
    return t("{first}, but not ahead of {those} in every seed: that difference may be luck.", first=first, those=those)


def _beats_all(ranking: Ranking, common: Sequence[int]) -> str:
    """Return that the best beats each other one; `common` is how many seeds it has in common with each."""
    if len(set(common)) > 1:
        if ranking.path:
            return t("it beats every other setting in each seed they have in common")
        return t("it beats every other variant in each seed they have in common")
    if ranking.path:
        return t("it beats every other setting in each of {seeds} seeds", seeds=common[0])
    return t("it beats every other variant in each of {seeds} seeds", seeds=common[0])


def _of_two(ranking: Ranking, best: Ranked, other: Ranked) -> str:
    """Return which of two is better, judged seed by seed."""
    wins, seeds, gap = best.ahead_of(other)
    told = {"one": best.label, "other": other.label, "wins": wins, "seeds": seeds}
    told |= {"measure": ranking.measure, "skill": skill_text(best.median)}
    if best.median == other.median:
        return t("“{one}” and “{other}” end with the same {measure}, {skill}.", **told)
    told["against"] = t("no result") if other.median == -math.inf else skill_text(other.median)
    if not (2 * wins > seeds and gap > 0):
        return t(
            "Undecided: “{one}” has the higher median {measure}, {skill} against {against}, but beats “{other}” in "
            "{wins} of {seeds} common seeds only.",
            **told,
        )
    words = t("“{one}” beats “{other}” in {wins} of {seeds} seeds", **told)
    if wins < seeds:
        words = t("“{one}” is ahead of “{other}” in {wins} of {seeds} seeds", **told)
    words += f": {t('{measure} {skill} against {against}', **told)}"
    words += t(", median gap per seed {gap}", gap=skill_text(gap)) if math.isfinite(gap) else ""
    if seeds < FEWEST_SEEDS:
        return f"{words}. {t('With so few seeds in common that may be luck.')}"
    return f"{words}." if wins == seeds else f"{words}. {t('Not in every seed: that may be luck.')}"


def _by(best: Ranked, other: Ranked) -> str:
    gap = best.ahead_of(other)[2]
    if not math.isfinite(gap):
        return ""
    return t(", the next, “{name}”, by {gap} (median)", name=other.label, gap=skill_text(gap))


def in_short(experiment: Experiment) -> str:
    """Return the verdict on an experiment that is not shown as a ranking; empty where there is nothing to compare."""
    comparison = None if rank(experiment) else compare(experiment)
    return verdict(comparison) if comparison else ""


def ranking_chart(ranking: Ranking, colours: Sequence[str]) -> dict[str, Any]:
    """Return a Plotly figure: a dot per seed, a line over their spread, a bar at the median; the best on top.

    Skills below -0.5 are drawn at the edge, with the number beside them. `colours` are those of the loss chart, one
    per variant; grey where there are too few.
    """
    rows = ranking.rows
    lowest = min([0.0, *(skill for row in rows for skill in row.skills)])
    left = max(lowest, _LOWEST_SHOWN)
    data: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    for height, row in enumerate(reversed(rows)):
        colour = colours[row.place] if max(row.place for row in rows) < len(colours) else _NEUTRAL
        shown = [max(skill, left) for skill in row.skills]
        if shown:
            data += _marks(row, shown, height, colour)
        if note := _note(row, left):
            at = {"x": shown[-1] if shown else left, "xanchor": "left", "xshift": 12, "y": height, "yshift": 0}
            notes.append({"text": note, "showarrow": False, **at})
    zero = {"type": "line", "x0": 0, "x1": 0, "yref": "paper", "y0": 0, "y1": 1}
    return {
        "data": data,
        "layout": {
            "separators": separators(),
            "height": 84 + _ROW_PIXELS * len(rows),
            "margin": {"l": 8, "r": 16, "t": 8, "b": 48},
            "showlegend": False,
            "shapes": [zero | {"line": {"color": _NEUTRAL, **DOTTED}}],
            "annotations": notes,
            "xaxis": {
                "title": {"text": t("{measure} (1 = perfect, 0 = guessing)", measure=ranking.measure)},
                "range": [left - 0.04 * (1.02 - left), 1.02],
                "zeroline": False,
                "fixedrange": True,
                "tickfont": {"size": TEXT},
            },
            "yaxis": {
                "tickfont": {"size": TEXT},
                "tickvals": list(range(len(rows))),
                "ticktext": [escape(row.label, quote=False) for row in reversed(rows)],
                "range": [-0.6, len(rows) - 0.4],
                "automargin": True,
                "showgrid": False,
                "zeroline": False,
                "fixedrange": True,
            },
        },
    }


def _marks(row: Ranked, shown: list[float], height: int, colour: str) -> list[dict[str, Any]]:
    middle = max(median(row.skills), min(shown))
    name = escape(row.label, quote=False)
    told = {"median": skill_text(median(row.skills)), "seeds": ", ".join(map(skill_text, row.skills))}
    text = f"{name}<br>{t('median {median}, seeds {seeds}', **told)}"
    common = {"type": "scatter", "hoverinfo": "text", "hovertext": text}
    return [
        common | {"x": [shown[0], shown[-1]], "y": [height] * 2, "mode": "lines", "line": {"color": colour, "width": 3},
                  "opacity": 0.45},
        common | {"x": shown, "y": [height] * len(shown), "mode": "markers",
                  "marker": {"color": colour, "size": 7, "opacity": 0.6}},
        common | {"x": [middle], "y": [height], "mode": "markers", "name": name,
                  "marker": {"color": colour, "size": 20, "symbol": "line-ns", "line": {"color": colour, "width": 4}}},
    ]  # fmt: skip


def _note(row: Ranked, left: float) -> str:
    """Return the words beside a row that the dots cannot say."""
    words = []
    if row.skills and row.skills[0] < left:
        words.append(t("down to {skill}", skill=skill_text(row.skills[0])))
    lost = len(row.seeds) - len(row.skills)
    if lost:
        some = t("{lost} of {seeds} without result", lost=lost, seeds=len(row.seeds))
        words.append(some if row.skills else t("no result"))
    return ", ".join(words)
