"""The page Class: join with a code, open one, or, for members, their lessons and what they take home."""

from __future__ import annotations

from typing import Final

import streamlit as st

from core.errors import InputRefused, WorkFailed
from core.jobs.classroom.classrooms import LONGEST_NAME
from core.jobs.classroom.records import Progress, Step
from core.jobs.lab import get_lab
from core.lessons import Lesson
from core.ui.classroom.address import lesson_address
from core.ui.classroom.progress import notice_the_end
from core.ui.classroom.seat import ME, Seat, ended, seat
from core.ui.classroom.take_home import kept_of, open_saved, say_ended, take_home
from core.ui.classroom.teacher import OVER, TEACH, show_teacher
from core.ui.lessons.state import lessons, lessons_of, numbered, visit_at
from core.ui.people.sign_in import is_guest
from core.ui.sentences import translated
from core.ui.sitemap import page
from core.ui.text import counted, inert
from core.ui.words import language, later, t

CODE: Final = "code"
_REFUSED, _LOOKED = "class_refused", "class_looked_for"
_TIMES: Final = {2: later("2 hours"), 24: later("1 day"), 7 * 24: later("1 week"), 30 * 24: later("1 month")}
"""Hours that a class may last → how long that is."""
_ENDED: Final = later("This class has ended, or the address is not complete.")
_STEPS: Final = {
    Step.QUESTION: later("Not begun"),
    Step.RUNNING: later("Predicted"),
    Step.ANSWER: later("Has run"),
    Step.REPAIRED: later("Repaired"),
    Step.TRIED: later("Tried"),
    Step.SOLVED: later("Solved"),
}


def show_class() -> None:
    """Show what the address asks for: a teacher's class, a member's, or the way into one."""
    if key := st.query_params.get(TEACH):
        if show_teacher(key):
            return
        st.query_params.clear()
        st.session_state[_REFUSED] = _ENDED
    mine = seat()
    if mine is not None:
        _show_member(mine)
        return
    secret = ended()
    if secret and kept_of(secret) is None:
        del st.query_params[ME]
        st.session_state[_REFUSED] = _ENDED
    _show_doors(secret)


def _show_doors(secret: str = "") -> None:
    """Show the ways into a class; above them, to a member by their `secret`, what is left of one that has ended."""
    st.title(t("Class"), anchor=False)
    if secret and ME in st.query_params:
        say_ended(secret)
    invited = st.query_params.get(CODE, "")[:20]
    _look_for(invited)
    _say_refused()
    if st.session_state.pop(OVER, False):
        st.success(t("The class has ended; what was in it is gone."), icon=":material/check:")
    if invited:
        _join_card(invited)
        return
    if is_guest():  # classes are opened by people who have signed in
        _join_card()
        open_saved()
        return
    left, right = st.columns(2, gap="medium")
    with left:
        _join_card()
    with right.container(border=True, key="class_open"):
        st.header(t("Open a class"), anchor=False)
        st.markdown(t("Learners join with a short code; you see how far everybody is."))
        titles = {lesson.id: numbered(lesson) for lesson in lessons()}
        first = next(iter(titles))
        st.multiselect(t("Lessons"), list(titles), default=[first], format_func=titles.__getitem__, key="class_lessons")
        st.segmented_control(
            t("It ends after"),
            list(_TIMES),
            default=24,
            required=True,
            format_func=lambda hours: t(_TIMES[hours]),
            key="class_hours",
        )
        st.button(t("Open the class"), icon=":material/meeting_room:", key="class_open_button", on_click=_open)
        st.caption(t("When it ends, names, answers and experiments of the class are deleted."))
    open_saved()


def _look_for(code: str) -> None:
    """Look once for the class that an address invites to; that there is none is said before anybody presses *Join*."""
    if code and st.session_state.get(_LOOKED) != code:
        st.session_state[_LOOKED] = code
        try:
            get_lab().store.classrooms.called(code, str(st.context.ip_address))
        except InputRefused as refusal:
            st.session_state[_REFUSED] = translated(str(refusal))


def _say_refused() -> None:
    if refused := st.session_state.pop(_REFUSED, ""):
        st.warning(inert(t(refused), 300), icon=":material/block:")


def _join_card(code: str = "") -> None:
    """Draw the field for the code and the button; whoever was sent here by a code is offered nothing else."""
    with st.container(border=True, key="class_join", width=560):
        st.header(t("Join a class"), anchor=False)
        st.markdown(t("No account, no name: you get a pseudonym."))
        example = t("for example {code}", code="K7P2XM")
        st.text_input(t("Code"), code, key="class_code", placeholder=example, max_chars=20)
        st.button(t("Join"), type="primary", icon=":material/login:", key="class_join_button", on_click=_join)


def _join() -> None:
    address = str(st.context.ip_address)
    try:
        secret = get_lab().store.classrooms.join(st.session_state.class_code, address, language())
        room, _ = get_lab().store.classrooms.of_member(secret)
    except (InputRefused, WorkFailed) as refusal:
        st.session_state[_REFUSED] = translated(str(refusal))
        return
    if len(room.lessons) == 1:
        st.switch_page(page("lessons"), query_params=lesson_address(room.lessons[0], secret=secret))
    st.query_params.from_dict({ME: secret})


def _open() -> None:
    seconds = st.session_state.class_hours * 3600
    try:
        key = get_lab().store.classrooms.open(st.session_state.class_lessons, seconds)
    except (InputRefused, WorkFailed) as refusal:
        st.session_state[_REFUSED] = translated(str(refusal))
        return
    st.query_params.from_dict({TEACH: key})


def _show_member(mine: Seat) -> None:
    notice_the_end()
    st.title(t("Class {code}", code=mine.room.code), anchor=False)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(t("You are {name}", name=f"**{inert(mine.member.name)}**"), width="content")
        with st.popover(t("Change the name"), type="tertiary", key="class_rename"):
            st.text_input(t("Name"), mine.member.name, max_chars=LONGEST_NAME, key="class_name")
            st.button(t("Take this name"), key="class_name_button", on_click=_rename, args=(mine.secret,))
    _say_refused()
    theirs = lessons_of(mine.room.lessons)
    for lesson in theirs:
        _lesson_line(mine, lesson)
    st.caption(t("The address of this page is yours alone: it brings you back, also on another device."))
    begun = [(lesson, mine.member.in_lesson(lesson.id)) for lesson in theirs if lesson.id in mine.member.progress]
    if begun:
        take_home(
            lambda: [
                visit_at(lesson, lesson_address(lesson.id, progress), held=lesson.id in mine.room.held)
                for lesson, progress in begun
            ],
            name=mine.member.name,
            progress=[progress for _, progress in begun],
        )


def _lesson_line(mine: Seat, lesson: Lesson) -> None:
    known = mine.member.in_lesson(lesson.id)
    with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"class_lesson_{lesson.id}"):
        with st.container(gap=None, width="stretch"):
            st.markdown(f"**{inert(numbered(lesson))}**")
            st.caption(_standing(known))
        st.page_link(
            page("lessons"),
            label=t("Start") if known.step == Step.QUESTION else t("Go on"),
            icon=":material/arrow_forward:",
            query_params=lesson_address(lesson.id, known, mine.secret),
        )


def _standing(known: Progress) -> str:
    tries = f" · {counted(known.attempts, 'try', 'tries')}" if known.attempts else ""
    return t(_STEPS[Step.SOLVED if known.solved else known.step]) + tries


def _rename(secret: str) -> None:
    try:
        get_lab().store.classrooms.rename(secret, st.session_state.class_name)
    except (InputRefused, WorkFailed) as refusal:
        st.session_state[_REFUSED] = translated(str(refusal))
