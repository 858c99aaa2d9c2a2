"""Two entries of one name are an error at import: no registry keeps the last of them in silence."""

import importlib
import inspect
import re
import sys
import types

import pytest

TWINS = {
    "core.diagnosis.causes.catalogue": ("*optimisation.CAUSES", "*optimisation.CAUSES, optimisation.CAUSES[0]"),
    "core.spec.schedules": (
        "\nSCHEDULES: Final",
        '\nclass Twin(Schedule):\n    name: Literal["cosine"] = "cosine"\n\n\nSCHEDULES: Final',
    ),
    "core.diagnosis.evidence.links.chain": ("*RUN.items()", "*RUN.items(), *list(DATA.items())[:1]"),
    "core.data.samples": ("for sample in _ALL", "for sample in (*_ALL, _ALL[0])"),
    "core.ui.lab.knobs": ("(knob.path, knob) for knob in KNOBS", "(knob.path, knob) for knob in (*KNOBS, KNOBS[0])"),
}


@pytest.mark.parametrize("name", TWINS)
def test_a_second_entry_of_one_name_is_refused_at_import(name, monkeypatch):
    source = inspect.getsource(importlib.import_module(name))
    before, after = TWINS[name]
    assert source.count(before) == 1
    module = types.ModuleType("with_twins")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(source, vars(module))
    with pytest.raises(ValueError, match=re.escape("more than one entry is called ")):
        exec(source.replace(before, after), vars(module))
