"""The buttons that give learners their work, and the place where a saved file opens again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import streamlit as st

from core.errors import InputRefused
from core.jobs.classroom.records import Progress
from core.ui.chart.variant_colours import seen_places
from core.ui.classroom.curves import curves_svg
from core.ui.classroom.picture import picture
from core.ui.classroom.report import report, small_print
from core.ui.classroom.seat import Seat, seat
from core.ui.classroom.work import LARGEST_FILE, LessonWork, Work, from_file, to_file, work_of
from core.ui.lessons import state
from core.ui.lessons.state import Visit
from core.ui.people.mine import my_store, seen_by, viewer
from core.ui.sentences import translated
from core.ui.sitemap import page
from core.ui.text import inert
from core.ui.words import language, later, spoken_in, t

_NAMES: Final = {"runs": later("The lesson"), "repair": later("Repaired"), "attempt": later("The last try")}
_KEPT: Final = "classroom_kept"
_TOLD: Final = "classroom_told"
"""Of which class the end was told already, by the secret in it."""
_File = TypeVar("_File", str, bytes)
_PARTS: Final = {"runs": state.RUNS, "repair": state.REPAIR, "attempt": state.TRY}


def take_home_lesson(visit: Visit) -> None:
    """Offer what was done in one lesson, once its runs have ended."""
    if visit.ended:
        mine = seat()
        progress = [mine.member.in_lesson(visit.lesson.id)] if mine else []
        take_home(lambda: [visit], name=mine.member.name if mine else "", progress=progress)
        if mine is not None:
            _keep(mine, visit, progress[0])


def take_home(visits: Callable[[], Sequence[Visit]], *, name: str = "", progress: Sequence[Progress] = ()) -> None:
    """Offer what was done in some lessons as a report and as a file; both are made only when they are asked for."""
    seen = seen_places()
    attempts, solved = [known.attempts for known in progress], [known.solved for known in progress]
    _offer(lambda: work_of(visits(), name, attempts, solved, seen), key="take_home")


def _keep(mine: Seat, visit: Visit, known: Progress) -> None:
    """Keep what was done in this tab: when the class ends its experiments are gone, and the learner is still here."""
    kept: dict[str, tuple[Any, Work]] = st.session_state.setdefault(_KEPT, {}).setdefault(mine.secret, {})
    parts = [part and (part.id, part.finished) for part in (visit.runs, visit.repair, visit.attempt)]
    now = (parts, visit.guess, visit.held, known.attempts, known.solved, mine.member.name, language())
    if kept.get(visit.lesson.id, (None,))[0] != now:
        work = work_of([visit], mine.member.name, [known.attempts], [known.solved], seen_places())
        kept[visit.lesson.id] = (now, work)


def kept_of(secret: str) -> Work | None:
    """Return what this tab has kept of the work of a member, by their `secret`; None where there is nothing."""
    works = [work for _, work in st.session_state.get(_KEPT, {}).get(secret, {}).values()]
    return works[-1].model_copy(update={"lessons": tuple(work.lessons[0] for work in works)}) if works else None


def say_ended(secret: str) -> None:
    """Say kindly to a member that their class has ended, and offer what this tab has kept of their work."""
    told, work = t("This class has ended. What you do now is yours alone."), kept_of(secret)
    if work is not None:
        told = t("This class has ended; what you did in it is kept in this tab alone, so take it home now.")
    if st.session_state.get(_TOLD) != secret:
        # Who reads further down on a phone does not see what is above.
        st.session_state[_TOLD] = secret
        st.toast(told, icon=":material/meeting_room:", duration="long")
    st.info(told, icon=":material/meeting_room:")
    if work is not None:
        _offer(lambda: work, key="class_ended")


def _offer(work: Callable[[], Work], key: str) -> None:
    """Draw the buttons that make a report and a file of some work."""
    reader, known_as = language(), viewer()  # now: the buttons make their files in a thread that has no session

    def made(write: Callable[[Work], _File]) -> _File:
        with spoken_in(reader), seen_by(known_as):
            return write(work())

    with st.container(horizontal=True, vertical_alignment="center", key=key):
        st.download_button(
            t("Lab report"),
            lambda: made(report),
            "lab-report.html",
            "text/html",
            icon=":material/description:",
            help=t("Your prediction, curves, repair and tries as one page that opens without the internet."),
            key=f"{key}_report",
            on_click="ignore",
        )
        st.download_button(
            t("Save my work"),
            lambda: made(to_file),
            "loss-lab-work.json",
            "application/json",
            icon=":material/save:",
            type="tertiary",
            help=t("A file that opens again, on the page Class."),
            key=f"{key}_file",
            on_click="ignore",
        )


def open_saved() -> None:
    """Take a saved file and show what is in it."""
    with st.expander(t("Open saved work"), icon=":material/folder_open:", key="class_saved"):
        label = t("File saved with *Save my work*")
        file = st.file_uploader(label, max_upload_size=4, key="class_file")
        if file is None:
            return
        try:
            work = from_file(file.getvalue() if file.size <= LARGEST_FILE else b" " * (LARGEST_FILE + 1))
        except InputRefused as refusal:
            st.warning(inert(translated(str(refusal)), 300), icon=":material/block:")
            return
        st.markdown(f"**{inert(work.name) or t('Saved work')}** · {inert(work.saved)}")
        for done in work.lessons:
            _saved_lesson(done)


def _saved_lesson(done: LessonWork) -> None:
    """Show one lesson of a file: where its runs still are, the way there; otherwise the curves the file has."""
    lesson = state.lesson_at(done.lesson)
    if lesson is None:
        st.caption(t("{lesson}: this lab has no such lesson.", lesson=inert(done.lesson)))
        return
    parts = {name: part for name in _PARTS if (part := getattr(done, name)) is not None}
    address = {state.LESSON: lesson.id, state.GUESS: state.SKIPPED if done.guess is None else str(done.guess)}
    address |= {_PARTS[name]: part.experiment for name, part in parts.items() if _is_here(part.experiment)}
    with st.container(border=True, key=f"class_saved_{lesson.id}"):
        st.markdown(f"**{inert(lesson.title)}**")
        if state.RUNS in address:
            st.page_link(page("lessons"), label=t("Go on"), icon=":material/arrow_forward:", query_params=address)
            return
        if parts:
            st.caption(t("Its runs are no longer in this lab. These are the curves in the file."))
        for name, part in parts.items():
            st.markdown(t(_NAMES[name]))
            for line in part.changed:
                st.markdown(f"- {inert(line, 200)}")
            picture(curves_svg(part.drawing) + small_print(part.drawing), key=f"class_saved_{lesson.id}_{name}")
        again = {state.LESSON: lesson.id}
        st.page_link(page("lessons"), label=t("Run it again"), icon=":material/replay:", query_params=again)


def _is_here(experiment: str) -> bool:
    try:
        my_store().experiment(experiment)
    except InputRefused:
        return False
    return True
