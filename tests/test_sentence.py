"""What is said to people below the pages: a template of ours and values, never a text that was put together."""

import ast
import pickle

import pytest

from core.errors import InputRefused
from core.paths import ROOT
from core.sentence import said

REFUSALS = {"InputRefused", "WorkFailed", "ChoiceNeeded"}
OPERATORS = {
    "__main__.py", "plot.py", "settings.py", "jobs/cluster/wire.py", "jobs/storage/backup.py",
    "jobs/storage/database.py", "lessons/translation.py", "ui/door.py", "ui/people/provider.py", "ui/routes.py",
}  # fmt: skip
"""Files whose refusals are for who starts or extends the lab, or for a program: in English."""
ROOMS = {"spec", "lessons"}
"""Rooms where pydantic makes a refusal of a ValueError."""
SOURCES = sorted((ROOT / "core").rglob("*.py"))


def calls(tree, names):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and ast.unparse(node.func).split(".")[-1] in names:
            yield node


def bare(code, names):
    """Yield the texts that are handed to one of `names` without a template."""
    tree = ast.parse(code)
    assigned: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                assigned.setdefault(ast.unparse(target), []).append(node.value)
    for call in calls(tree, names):
        text = call.args[0]
        values = assigned.get(text.id, [text]) if isinstance(text, ast.Name) else [text]
        if any(isinstance(part, ast.JoinedStr | ast.BinOp | ast.Constant) for value in values for part in parts(value)):
            yield ast.unparse(call)


def parts(value):
    return [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT / "core")))
def test_a_refusal_is_said_from_a_template(path):
    where = path.relative_to(ROOT / "core")
    names = REFUSALS - {"InputRefused"} if str(where) in OPERATORS else REFUSALS
    names = names | ({"ValueError"} if where.parts[0] in ROOMS else set())
    assert list(bare(path.read_text(), names)) == [], "say it with `said`, then run `python -m benchmarks.words`"


@pytest.mark.parametrize(
    "code",
    [
        'raise InputRefused("There is no such column.")',
        'raise errors.WorkFailed(f"{name}: is full.", name)',
        'raise InputRefused("no " + name)',
        'why = "no" if x else f"no {x}"\nraise InputRefused(why, "data")',
    ],
)
def test_a_refusal_without_a_template_is_found(code):
    assert len(list(bare(code, REFUSALS))) == 1
    assert list(bare('raise InputRefused(said("no {name}", name=name), "data")', REFUSALS)) == []


def test_a_sentence_is_its_english_text():
    told = said("{name!r}: {share:.0%} of {size!n}, {why!t}", name="{x}", share=0.5, size="1.5 GB", why="because")
    assert told == "'{x}': 50% of 1.5 GB, because"
    assert type(told) is str
    assert str(pickle.loads(pickle.dumps(InputRefused(told, "x")))) == told
