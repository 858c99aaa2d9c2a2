"""The signs of the causes: each has a name of its own, by which it is known how often it is right."""

import ast
from collections import Counter
from pathlib import Path

import pytest

from core.diagnosis.causes import architecture, optimisation, preprocessing
from tests.diagnosis.causes.signs import signs


@pytest.mark.parametrize("family", [preprocessing, architecture, optimisation], ids=lambda family: family.__name__)
def test_every_piece_of_evidence_has_a_sign_that_no_other_of_the_cause_has(family):
    tree = ast.parse(Path(family.__file__).read_text())
    looks = {node.name: Counter(signs(node)) for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert any(looks.values())
    for name, count in looks.items():
        assert "" not in count, name
        assert not [sign for sign, times in count.items() if times > 1], name
