"""What the page Diagnose is about: the run and the diagnosis of the address, and what its buttons do.

``?x=EXPERIMENT&run=INDEX`` is the newest diagnosis of that run's variant, made if there is none; ``?d=DIAGNOSIS`` is
that very one.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import streamlit as st

from core.diagnosis.diagnosis import with_seeds
from core.errors import InputRefused, WorkFailed
from core.jobs.diagnosers.diagnoses import Budget, Diagnosis, variant_places
from core.jobs.storage.records import Experiment, Run, State
from core.spec import RunSpec, load_spec
from core.ui.classroom.seat import member_of_tab
from core.ui.lab.knobs import value_at
from core.ui.lab.ranking import skill_of
from core.ui.people.mine import my_store
from core.ui.sentences import translated
from core.ui.sitemap import page
from core.ui.trouble import attempted
from core.ui.words import t

DIAGNOSABLE: Final = frozenset({State.DONE, State.DIVERGED, State.FAILED})
_SHOWN: Final = "diagnose_shown"


@dataclass(frozen=True)
class Opened:
    """What the address names; no diagnosis yet where the run has not finished."""

    experiment: Experiment
    places: tuple[int, ...]
    diagnosis: Diagnosis | None

    @property
    def runs(self) -> tuple[Run, ...]:
        """The runs of the variant, one per seed."""
        return tuple(self.experiment.runs[place] for place in self.places)

    @property
    def run(self) -> RunSpec:
        """What is diagnosed, with its first seed."""
        return self.runs[0].spec


def open_from_address() -> Opened | None:
    """Return what the address names, asking for the diagnosis where there is none; None where it names nothing.

    Raises
    ------
    InputRefused
        If there is no such experiment, run or diagnosis.
    """
    parameters = st.query_params
    if "d" not in parameters and "x" not in parameters:
        shown = st.session_state.get(_SHOWN)
        if not shown:
            return None
        parameters.from_dict(shown)
    store = my_store()
    try:
        if "d" in parameters:
            diagnosis = store.diagnoses.get(parameters["d"])
            experiment = store.experiment(diagnosis.experiment)
            opened = Opened(experiment, tuple(variant_places(experiment, diagnosis.index)), diagnosis)
        else:
            opened = _run_at(parameters["x"], parameters.get("run"))
    except InputRefused:
        st.session_state.pop(_SHOWN, None)
        raise
    st.session_state[_SHOWN] = parameters.to_dict()
    return opened


def _run_at(identity: str, run: str | None) -> Opened:
    store = my_store()
    experiment = store.experiment(identity)
    index = worst_run(experiment) if run is None else _number(run)
    places = tuple(variant_places(experiment, index))
    newest = store.diagnoses.newest(experiment, index)
    ended = any(experiment.runs[place].state in DIAGNOSABLE for place in places)
    if newest is None and ended and experiment.changeable:
        newest = store.diagnoses.ask(experiment, index, key=f"{identity}:{places[0]}")
    return Opened(experiment, places, store.diagnoses.get(newest) if newest else None)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise InputRefused(t("run: the address names no run; allowed: its number, from 0."), "run")
    return int(text)


def worst_run(experiment: Experiment) -> int:
    """Return the place of the run that went worst, of those that have ended if there are any."""
    ended = [run for run in experiment.runs if run.state in DIAGNOSABLE] or experiment.runs
    return min(ended, key=lambda run: skill_of(run, validation=run.spec.data.validation_fraction > 0)).index


def leave() -> None:
    """Turn to the start of the page, to choose another run."""
    st.session_state.pop(_SHOWN, None)
    st.query_params.clear()


def diagnose_again(opened: Opened, budget: Budget) -> None:
    """Ask for another diagnosis of the same variant."""
    press = st.session_state["diagnose_press"] = st.session_state.get("diagnose_press", 0) + 1
    session = st.session_state.setdefault("diagnose_session", secrets.token_urlsafe(12))
    try:
        asked = my_store().diagnoses.ask(opened.experiment, opened.places[0], budget, key=f"{session}:{press}")
        st.query_params.from_dict({"d": asked})
        st.session_state.diagnose_refused = ""
    except (InputRefused, WorkFailed) as refusal:
        st.session_state.diagnose_refused = translated(str(refusal))


@attempted
def apply_fix(opened: Opened, change: Mapping[str, Any], title: str) -> None:
    """Train the variant with `change` and as it is, and open both in the lab; the fix first, in the first colour."""
    digest = hashlib.sha256(json.dumps(change, sort_keys=True).encode()).hexdigest()[:16]
    owner = member_of_tab()  # in the key: whoever applies the fix of a shared diagnosis has an experiment of their own
    key = f"fix:{opened.diagnosis.id if opened.diagnosis else opened.experiment.id}:{digest}:{owner or ''}"
    store = my_store()
    as_it_is = with_seeds([run.spec for run in opened.runs])
    fixed = [run.changed(change) for run in as_it_is]
    dumped, new = (run.model_dump(mode="json", exclude={"variant"}) for run in (opened.run, fixed[0]))
    varied = [path for path in change if value_at(dumped, path) != value_at(new, path)]
    try:
        if len(varied) == 1:
            vary = {path: [value_at(new, path), value_at(dumped, path)] for path in varied}
            both = load_spec({**dumped, "title": title, "vary": vary, "seeds": len(as_it_is)})
            identity = store.submit(both, key, owner=owner)
        else:
            identity = store.submit_runs([*fixed, *as_it_is], key, title=title, owner=owner)
        st.session_state.diagnose_refused = ""
        st.switch_page(page("lab"), query_params={"x": identity})
    except (InputRefused, WorkFailed) as refusal:
        st.session_state.diagnose_refused = translated(str(refusal))
