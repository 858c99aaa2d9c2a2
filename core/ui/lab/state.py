"""What one browser session is working on in the lab: the spec behind the knobs and the experiment on show.

The experiment is in the address (``?x=ID``), so a link brings back knobs and curves; the rest lives in the session.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

from core.data.table import Table
from core.data.understand.task import detect_task, suggest_target
from core.errors import InputRefused, WorkFailed
from core.jobs.storage.records import Experiment
from core.spec import ExperimentSpec, load_spec
from core.ui.classroom.seat import member_of_tab
from core.ui.data.tables import table_for
from core.ui.lab import history
from core.ui.lab.chosen import choose, chosen_tokens
from core.ui.lab.history import Step
from core.ui.lab.knobs import DEFAULTS, FIRST, KNOBS, knobs_for, spec_of, value_at, values_of
from core.ui.people.mine import my_store
from core.ui.sentences import translated
from core.ui.words import t

EXAMPLE: Final = load_spec(
    FIRST.model_dump(mode="json")
    | {"vary": {"preprocessing.scaling": ["none", "standard"], "training.learning_rate": [0.001, 0.1]}}
)
"""What the empty lab offers to try."""

TABLE: Final = "data"
"""The name in the address of an uploaded table's SHA-256."""
_UPLOADED: Final = "dataset:"

EXAMPLE_KEY: Final = "example"
"""The example is run once, when the lab starts: whoever arrives sees curves before pressing anything."""

SET_BY_A_RANGE_TEST: Final = (
    "data.rows", "training.learning_rate", "training.schedule", "training.epochs", "training.early_stopping",
)  # fmt: skip
"""Paths of what a range test sets, and the knobs do not say."""

_LAST_DRAWN: Final = "lab_undo"
"""The key of a button that is always drawn: in the session while its page is."""


def base_spec() -> ExperimentSpec:
    """Return the spec the knobs change; the first one is iris with every default."""
    if "lab_base" not in st.session_state:
        load(FIRST)
    spec: ExperimentSpec = st.session_state.lab_base
    return spec


def load(spec: ExperimentSpec) -> None:
    """Put a spec behind the knobs, of a range test the program. Only before they are drawn, or in a callback."""
    spec = _program_of(spec)
    st.session_state.lab_base = spec
    values = values_of(spec)
    for knob in KNOBS:
        choose(knob, values[knob.path])


def _program_of(spec: ExperimentSpec) -> ExperimentSpec:
    """Return `spec`, of a range test with the usual values in place of all that the test has set."""
    if not spec.training.schedule.tries:
        return spec
    program = spec.changed({path: value_at(DEFAULTS, path) for path in SET_BY_A_RANGE_TEST})
    return load_spec(program.model_dump(mode="json") | {"title": ""})


def at_the_start() -> bool:
    """Return whether the knobs are on the data of the example."""
    return base_spec().data.source == FIRST.data.source


def choose_data(source: Any, table: Table) -> None:
    """Switch to other data: suggest a target, drop what only made sense for the old columns, clear the stage."""
    st.session_state.lab_shown = None
    change_data(source=source, target=suggest_target(table)[0], features=None, task="auto")


def correct_data(source: Any, table: Table, names: Mapping[str, str] | None = None) -> None:
    """Turn to the same data understood differently: target and inputs stay, where they still are columns.

    Parameters
    ----------
    names : mapping, optional
        What columns are called in `table`, by what they were called before.
    """
    names, data = names or {}, base_spec().data
    targets = tuple(names.get(name, name) for name in data.targets)
    if not set(targets) <= set(table.frame.columns):
        choose_data(source, table)
        return
    features = [new for name in data.features or () if (new := names.get(name, name)) in table.frame]
    target = targets if isinstance(data.target, tuple) else targets[0]
    change_data(source=source, target=target, features=features or None, task="auto")


def choose_target(target: str | tuple[str, ...]) -> None:
    """Predict `target`; inputs and task are found again."""
    change_data(target=target, features=None, task="auto")


def change_data(**changes: Any) -> None:
    """Change fields of ``data`` behind the knobs; they are no longer varied, and a title no longer fits.

    The select box of the target follows when the page is drawn next. To set its own state here would be undone: the
    browser still has the old choice and would send it with the next click.
    """
    spec = base_spec().model_dump(mode="json")
    if "source" in changes:
        spec["model"]["output_units"] = "auto"
        spec["vary"].pop("model.output_units", None)
    vary = {path: values for path, values in spec["vary"].items() if path.removeprefix("data.") not in changes}
    st.session_state.lab_base = load_spec(spec | {"title": "", "data": spec["data"] | changes, "vary": vary})


def open_from_address() -> Experiment | None:
    """Return the experiment on show, that of the address if this leads elsewhere, its spec behind the knobs then.

    Raises
    ------
    InputRefused
        If the experiment is not here.
    """
    address, shown = st.query_params.get("x"), st.session_state.get("lab_shown")
    follow = bool(address) and _leads_elsewhere(str(address), shown)
    wanted = address if follow else shown
    if not wanted:
        return None
    store = my_store()
    try:
        experiment = store.experiment(wanted)
        if follow and experiment.changeable and all(step.experiment != wanted for step in history.steps()):
            store.keep(wanted)  # Whose link is followed must not vanish.
    except InputRefused:
        st.session_state.lab_shown = None
        raise
    if follow:
        load(experiment.spec)
        history.record(Step(experiment.spec, wanted))
        show(wanted)
    return experiment


def _leads_elsewhere(address: str, shown: str | None) -> bool:
    """Return whether somebody wants to see the experiment of the address.

    A browser learns the addresses it is `told` a moment later: what it sends with a click in between is an older one,
    which nobody asked for.
    """
    told: list[str] = st.session_state.setdefault("lab_told", [])
    ours = address in told
    if ours:
        del told[: told.index(address) + 1]
    came = _LAST_DRAWN not in st.session_state  # from another page, where widgets lose their values
    new = came or not (ours or address == st.session_state.get("lab_address"))
    st.session_state.lab_address = address
    return new and address != shown


def take_table_from_address() -> None:
    """Turn to the uploaded table of the address, once, unless an experiment is asked for: a reload loses no upload.

    Who has the address has the table; it is in no list.

    Raises
    ------
    InputRefused
        If there is no such table, or no longer.
    WorkFailed
        If it was lost or changed on disk.
    """
    sha = st.query_params.get(TABLE, "")
    if not sha or "x" in st.query_params or sha in _known_tables():
        return
    _known_tables().add(sha)
    source = f"{_UPLOADED}{sha}"
    if base_spec().data.source != source:
        choose_data(source, table_for(base_spec().data.model_copy(update={"source": source})))


def _known_tables() -> set[str]:
    """Return the tables that were in the address: a browser sends an older one until it has learnt of the newest."""
    tables: set[str] = st.session_state.setdefault("lab_tables", set())
    return tables


def _tell_table() -> None:
    """Put an uploaded table that nothing was run on yet into the address, and take another one out."""
    source = base_spec().data.source
    sha = source.removeprefix(_UPLOADED) if isinstance(source, str) and source.startswith(_UPLOADED) else ""
    if sha and not st.session_state.get("lab_shown") and st.query_params.get(TABLE) != sha:
        _known_tables().add(sha)
        st.query_params[TABLE] = sha
    elif TABLE in st.query_params and st.query_params[TABLE] != sha:
        del st.query_params[TABLE]


def tell_address() -> None:
    """Put what is on show into the address: the experiment, or the uploaded table before there is one."""
    _tell_table()
    shown = st.session_state.get("lab_shown")
    if not shown:
        st.query_params.pop("x", None)
    elif st.query_params.get("x") != shown:
        st.session_state.setdefault("lab_told", []).append(shown)
        st.query_params["x"] = shown


def wanted(task: str) -> ExperimentSpec | InputRefused:
    """Return the experiment the knobs say now, or why there is none."""
    base, shown = base_spec(), knobs_for(task)
    try:
        spec = spec_of(base, {knob.path: chosen_tokens(knob) if knob in shown else [] for knob in KNOBS})
    except InputRefused as refusal:
        return refusal
    # A title belongs to what it was given to.
    return spec.model_copy(update={"title": ""}) if spec.title and spec.hash() != base.hash() else spec


def spec_at_press() -> ExperimentSpec | None:
    """Return what the knobs say at the moment a button is pressed, for its callback; None where it is refused.

    The button may have been drawn a moment earlier, when a knob said something else; the page says what is refused.
    """
    try:
        spec = wanted(task_of(base_spec(), current_table())[0])
    except (InputRefused, WorkFailed):
        return None
    return None if isinstance(spec, InputRefused) else spec


def submit_current() -> None:
    """Queue what the knobs say."""
    if spec := spec_at_press():
        st.session_state.lab_base = spec
        submit(spec)


def submit(
    spec: ExperimentSpec, *, live: bool = False, again: bool = False, knobs: ExperimentSpec | None = None
) -> None:
    """Queue `spec` and show it, whatever the knobs say; a second press before it has finished changes nothing.

    Parameters
    ----------
    live : bool
        As the next step of this session's live series.
    again : bool
        In the place of the step that is shown, which was cut short.
    knobs : ExperimentSpec, optional
        What the knobs say, where that is something else.
    """
    press = st.session_state.setdefault("lab_press", 0)
    store = my_store()
    try:
        if live:
            experiment = store.submit(spec, series=session(), owner=member_of_tab())
        else:
            experiment = store.submit(spec, key=f"{session()}:{press}:{spec.hash()}", owner=member_of_tab())
    except (InputRefused, WorkFailed) as refusal:
        st.session_state.lab_refused = translated(str(refusal))
        return
    if again:
        history.replace(Step(spec, experiment, live))
    elif experiment != st.session_state.get("lab_shown"):
        history.record(Step(spec, experiment, live, knobs))
    show(experiment)


def show(experiment: str) -> None:
    """Show an experiment beside what the knobs say now; the address follows when the page is drawn."""
    st.session_state.lab_shown = experiment
    _note_turn()


def shown() -> Experiment | None:
    """Return the experiment on show; None where there is none, or it was deleted a moment ago."""
    identity = st.session_state.get("lab_shown")
    try:
        return my_store().experiment(identity) if identity else None
    except InputRefused:
        return None


def session() -> str:
    """Return the secret name of this browser session."""
    name: str = st.session_state.setdefault("lab_session", secrets.token_urlsafe(12))
    return name


def turned() -> bool:
    """Return whether the knobs say something else than when what is on show was chosen."""
    return st.session_state.get("lab_shown") is None or _hash_now() != st.session_state.get("lab_turned", "")


def _note_turn() -> None:
    st.session_state.lab_turned = _hash_now()


def _hash_now() -> str:
    spec = spec_at_press()
    return spec.hash() if spec else ""


def example() -> Experiment | None:
    """Return the example that was run when the lab started, unless somebody deleted it a moment ago."""
    store = my_store()
    identity = store.find(EXAMPLE_KEY)
    return store.experiment(identity) if identity else None


def finished(experiment: Experiment) -> None:
    """Note that an experiment has ended, so that the same spec may be run once more."""
    if st.session_state.get("lab_over") != experiment.id:
        st.session_state.lab_over = experiment.id
        st.session_state.lab_press = st.session_state.get("lab_press", 0) + 1


def task_of(spec: ExperimentSpec, table: Table) -> tuple[str, str]:
    """Return the task of `spec` on `table` and the reason in plain words; an empty task where the target refuses."""
    if spec.data.task != "auto":
        return spec.data.task, t("chosen in the experiment")
    try:
        return detect_task(table, spec.data.targets)
    except InputRefused as refusal:
        return "", translated(str(refusal))


def current_table() -> Table:
    """Return the table behind the knobs."""
    return table_for(base_spec().data)
