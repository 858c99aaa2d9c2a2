"""The dialog of all columns: what they are, which are inputs, which is the target, and what preparing does to them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import pandas as pd
import streamlit as st

from core.data.table import Table
from core.data.understand.profile import Profile
from core.errors import InputRefused
from core.ui.data.before_after import before_after
from core.ui.data.column_facts import badges, balance, fact_rows
from core.ui.data.corrections import corrections, forget_corrections
from core.ui.data.feature_choice import choose_features, chosen_features
from core.ui.data.tables import profile_of
from core.ui.lab import state as lab_state
from core.ui.sentences import translated
from core.ui.text import counted, inert, percent
from core.ui.words import later, t, tn

_HEIGHT: Final = 480
_ROWS: Final = 13
"""As many as the height holds."""
_VIEWS: Final = (later("All"), later("Names and kinds"), later("Before and after"))
_NOTES: Final = 8
_EDITOR: Final = "lab_columns"
_COLUMN: Final = "lab_look_at"


# A button that is disabled or leaves the page when it is pressed takes the focus with it: the browser gives it to the
# page, where the dialog hears no key. It is brought back, so that Escape closes the dialog whatever was pressed before.
_KEEP_FOCUS: Final = """
export default function ({ parentElement }) {
  const dialog = parentElement.closest("[role='dialog']");
  if (!dialog) return;
  const comeBack = () => {
    if (document.activeElement === document.body) dialog.focus({ preventScroll: true });
  };
  const watch = new MutationObserver(comeBack);
  watch.observe(dialog, { subtree: true, childList: true, attributeFilter: ["disabled"] });
  return () => watch.disconnect();
}
"""


@st.cache_resource
def _focus_keeper() -> Any:
    return st.components.v2.component("loss_lab_dialog_focus", html="<i></i>", js=_KEEP_FOCUS, isolate_styles=False)


def open_columns() -> None:
    """Open the dialog; at most one dialog per page run."""
    forget_corrections()
    title = t("Columns")
    st.dialog(title, width="large", icon=":material/view_column:", on_dismiss="rerun")(_dialog)()


def _dialog() -> None:
    _content()
    _focus_keeper()(key="dialog_focus")


def _content() -> None:
    data = lab_state.base_spec().data
    table = lab_state.current_table()
    profile = profile_of(data, table)
    features = chosen_features(data, table)
    st.markdown(_summary(profile, len(features)))
    for leak in profile.leaks:
        if leak.column in features and leak.column not in profile.targets:
            st.markdown(f":red[:material/warning:] {inert(translated(leak.text), 300)}")
    # Pictures take a child process and seconds: nobody who only switches columns should wait for them.
    view = st.segmented_control(
        t("View"), _VIEWS, default=_VIEWS[0], required=True, format_func=t, label_visibility="collapsed"
    )
    if view == _VIEWS[1]:
        corrections(table)
        return
    if view == _VIEWS[2]:
        _pictures(table, profile)
        return
    _editor(profile, features)
    for note in table.notes[:_NOTES]:
        st.caption(inert(translated(note), 300))
    if len(table.notes) > _NOTES:
        st.caption(t("… and {notes}.", notes=counted(len(table.notes) - _NOTES, "more note")))


def _summary(profile: Profile, features: int) -> str:
    target = ", ".join(inert(name, 40) for name in profile.targets)
    rows, inputs = counted(profile.rows, "row"), counted(features, "input")
    words = [t("{rows}, {inputs}, target **{target}**", rows=rows, inputs=inputs, target=target)]
    words.append(f":gray[{inert(translated(profile.task_reason), 200)}]")
    if profile.classes:
        words.append(f":gray[{inert(balance(profile.classes), 200)}]")
    if profile.duplicate_rows:
        twins = tn(
            "{count} row ({share}) repeats an earlier one, so a random split may put copies on both sides",
            "{count} rows ({share}) repeat an earlier one, so a random split puts copies on both sides",
            profile.duplicate_rows,
            share=percent(profile.duplicate_rows / profile.rows),
        )
        words.append(f":gray[{twins}]")
    return " · ".join(words)


def _editor(profile: Profile, features: tuple[str, ...]) -> None:
    key = f"{_EDITOR}_{st.session_state.get('lab_columns_turn', 0)}"
    colours = {words: colour for column in profile.columns for words, colour in badges(column, profile)}
    config = st.column_config
    st.data_editor(
        pd.DataFrame(fact_rows(profile, features)),
        key=key,
        hide_index=True,
        height="auto" if len(profile.columns) <= _ROWS else _HEIGHT,
        num_rows="fixed",
        disabled=["column", "kind", "shape", "missing", "distinct", "range", "remarks"],
        column_order=["column", "input", "kind", "shape", "missing", "distinct", "range", "remarks", "predict"],
        column_config={
            "column": config.TextColumn(t("Column"), pinned=True, width=130),
            "input": config.CheckboxColumn(t("Input"), help=t("Whether the network sees this column."), width=100),
            "kind": config.TextColumn(t("Kind"), width=80),
            "shape": config.BarChartColumn(
                t("Shape"), help=t("A histogram, or the most frequent values."), width=120, y_min=0
            ),
            "missing": config.TextColumn(t("Missing"), width=75, alignment="right"),
            "distinct": config.NumberColumn(t("Distinct"), format="localized", width=90),
            "range": config.TextColumn(t("Range"), width=180),
            "remarks": config.MultiselectColumn(
                t("Remarks"), options=list(colours), color=list(colours.values()) or None, width=275
            ),
            "predict": config.ButtonColumn(
                t("Target"),
                type="tertiary",
                width=80,
                key=f"{key}_target",
                on_click=_predict,
                args=(f"{key}_target",),
            ),
        },
        on_change=_switch,
        args=(key, features),
        alt=t("Every column with its kind, shape, missing values and remarks"),
    )


def _switch(key: str, features: tuple[str, ...]) -> None:
    """Take the switched boxes over; `features` are those the editor was last drawn with."""
    table = lab_state.current_table()
    choose_features(table, switched(list(table.frame.columns), features, st.session_state[key]["edited_rows"]))


def switched(
    names: Sequence[str], features: Collection[str], edited: Mapping[int, Mapping[str, Any]]
) -> tuple[str, ...]:
    """Return the features after the edits of an editor, one row per name, in table order."""
    boxes = {name: edited.get(row, {}).get("input", name in features) for row, name in enumerate(names)}
    return tuple(name for name, ticked in boxes.items() if ticked)


def _predict(key: str) -> None:
    click = st.session_state.get(key)
    if click is None:
        return
    lab_state.choose_target(lab_state.current_table().columns[click["row"]].name)
    st.session_state.lab_columns_turn += 1


def _pictures(table: Table, profile: Profile) -> None:
    names = [column.name for column in table.columns]
    if st.session_state.get(_COLUMN) not in names:
        st.session_state[_COLUMN] = next((name for name in names if name not in profile.targets), names[0])
    column = st.selectbox(t("Column"), names, key=_COLUMN, label_visibility="collapsed", width=280)
    if profile.task is None:
        st.caption(inert(translated(profile.task_reason), 300))
        return
    spec = lab_state.wanted(profile.task)
    if isinstance(spec, InputRefused):
        st.caption(inert(str(spec), 300))
        return
    before_after(spec, table.column(column), profile.task)
