"""What the editor of a lesson calls its fields, and what it says of a lesson that is none yet: which field, and why."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from core.errors import InputRefused
from core.ui.lab.knobs import in_words, label_of
from core.ui.words import inside, later, t

FIELDS: Final[Mapping[str, str]] = {
    "title": later("Title"),
    "cause": later("What it teaches"),
    "about": later("What it is about, in two sentences"),
    "question": later("Question"),
    "options": later("Answers to choose from, one in each line"),
    "answer": later("The right one"),
    "look": later("What to look at while it runs"),
    "explanation": later("Explanation"),
    "repair.of": later("Repair the run"),
    "repair.change": later("By changing"),
    "repair.claims": later("The repair is one when"),
    "repair.words": later("What the repair brings"),
    "exercise.of": later("Begin with the run"),
    "exercise.task": later("Task"),
    "exercise.knobs": later("Knobs"),
    "exercise.solution": later("One that solves it"),
    "exercise.claims": later("It is solved when"),
    "exercise.answer": later("What is said once it is solved (optional)"),
    "glossary": later("Words to explain"),
}
"""Path in a lesson → the label of its field."""
NUMBERS: Final = later("Numbers of this run")
"""The label of the list of numbers that can be quoted."""
INSERT: Final = later("Insert")
"""That of the button which quotes one."""

_ALSO: Final = {
    "repair.words": later(" and R, the repaired one"),
    "exercise.answer": later(" and X, the solution"),
}
_RULES: Final = (
    (r"exercise\.solution: (?P<path>\S+) is none of", later("{field}: choose one of the values of {knob}.")),
    (r"exercise\.solution: an object", later("{field}: choose one for each knob.")),
    (r"exercise\.knobs\.(?P<path>\S+): a list", later("Values of {knob}: choose at least one.")),
    (
        r"exercise\.knobs: (?P<path>\S+) does not offer what (?P<run>\w+) has",
        later("Values of {knob}: the one of run {run}, which the exercise begins with, has to be among them."),
    ),
    (r"answer: ", later("{field}: choose one of the answers.")),
    (r"options: .*at least (?P<count>\d+)", later("{field}: at least {count} are needed.")),
    (r"options: .*at most (?P<count>\d+)", later("{field}: at most {count} are allowed.")),
    (
        r"'(?P<text>.*)': only explanation",
        later(
            "“{text}” has a brace, which begins a number: one may stand in “{explanation}”, “{repair}” and “{solved}”."
        ),
    ),
    (
        r"'(?P<text>[^']*)' is no number of a run",
        later("“{text}” in braces is no number of a run: choose one in “{numbers}” and press “{insert}”."),
    ),
    (
        r"[\w.]+: there is no run (?P<run>\w+)",
        later("{field}: there is no run {run}; those to quote are {letters}{also}."),
    ),
    (r"[\w.]+: .*at most (?P<count>\d+) characters", later("{field}: at most {count} characters are allowed.")),
    (r"[\w.]+: .*at least 1 character", later("{field}: something has to be written here.")),
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
            return t(
                sentence,
                **found.groupdict(),
                field=t(FIELDS.get(path, path)),
                knob=inside(t(label_of(found.groupdict().get("path") or ""))),
                letters=", ".join(letters),
                also=t(_ALSO.get(path, "")),
                explanation=t(FIELDS["explanation"]),
                repair=t(FIELDS["repair.words"]),
                solved=t(FIELDS["exercise.answer"]),
                numbers=t(NUMBERS),
                insert=t(INSERT),
            )
    told = in_words(refusal)
    return f"{t(FIELDS[path])}{told.removeprefix(path)}" if path else told
