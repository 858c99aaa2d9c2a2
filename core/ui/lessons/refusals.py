"""What the editor of a lesson calls its fields, and what it says of a lesson that is none yet: which field, and why."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from core.errors import InputRefused
from core.ui.lab.knobs import in_words, label_of

FIELDS: Final[Mapping[str, str]] = {
    "title": "Title",
    "cause": "What it teaches",
    "about": "What it is about, in two sentences",
    "question": "Question",
    "options": "Answers to choose from, one in each line",
    "answer": "The right one",
    "look": "What to look at while it runs",
    "explanation": "Explanation",
    "repair.of": "Repair the run",
    "repair.change": "By changing",
    "repair.claims": "The repair is one when",
    "repair.words": "What the repair brings",
    "exercise.of": "Begin with the run",
    "exercise.task": "Task",
    "exercise.knobs": "Knobs",
    "exercise.solution": "One that solves it",
    "exercise.claims": "It is solved when",
    "exercise.answer": "What is said once it is solved (optional)",
    "glossary": "Words to explain",
}
"""Path in a lesson → the label of its field."""
NUMBERS: Final = "Numbers of this run"
"""The label of the list of numbers that can be quoted."""

_ALSO: Final = {"repair.words": " and R, the repaired one", "exercise.answer": " and X, the solution"}
_RULES: Final = (
    (r"exercise\.solution: (?P<path>\S+) is none of", "{field}: choose one of the values of {knob}."),
    (r"exercise\.solution: an object", "{field}: choose one for each knob."),
    (r"exercise\.knobs\.(?P<path>\S+): a list", "Values of {knob}: choose at least one."),
    (
        r"exercise\.knobs: (?P<path>\S+) does not offer what (?P<run>\w+) has",
        "Values of {knob}: the one of run {run}, which the exercise begins with, has to be among them.",
    ),
    (r"answer: ", "{field}: choose one of the answers."),
    (r"options: .*at least (?P<count>\d+)", "{field}: at least {count} are needed."),
    (r"options: .*at most (?P<count>\d+)", "{field}: at most {count} are allowed."),
    (
        r"'(?P<text>.*)': only explanation",
        "“{text}” has a brace, which begins a number: one may stand in “{explanation}”, “{repair}” and “{solved}”.",
    ),
    (
        r"'(?P<text>[^']*)' is no number of a run",
        "“{text}” in braces is no number of a run: choose one in “{numbers}” and press “Insert”.",
    ),
    (r"[\w.]+: there is no run (?P<run>\w+)", "{field}: there is no run {run}; those to quote are {letters}{also}."),
    (r"[\w.]+: .*at most (?P<count>\d+) characters", "{field}: at most {count} characters are allowed."),
    (r"[\w.]+: .*at least 1 character", "{field}: something has to be written here."),
)
"""How a refusal of the schema begins → how the editor says it."""


def said(refusal: InputRefused, letters: Iterable[str]) -> str:
    """Return which field of the editor a refusal is about and what is allowed there, as plain text.

    Parameters
    ----------
    letters : iterable of str
        What the runs of the experiment are called.
    """
    text = str(refusal)
    path = next((path for path in FIELDS if text.startswith((f"{path}:", f"{path}."))), "")
    for rule, sentence in _RULES:
        if found := re.match(rule, text, re.DOTALL):
            return sentence.format(
                **found.groupdict(),
                field=FIELDS.get(path, path),
                knob=label_of(found.groupdict().get("path") or "").lower(),
                letters=", ".join(letters),
                also=_ALSO.get(path, ""),
                explanation=FIELDS["explanation"],
                repair=FIELDS["repair.words"],
                solved=FIELDS["exercise.answer"],
                numbers=NUMBERS,
            )
    told = in_words(refusal)
    return f"{FIELDS[path]}{told.removeprefix(path)}" if path else told
