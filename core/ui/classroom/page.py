"""The page Class: join with a code, open one, or, for members, their lessons and what they take home."""

from __future__ import annotations

from typing import Final

import streamlit as st

from core.errors import InputRefused, WorkFailed
from core.jobs.classroom.classrooms import LONGEST_NAME
from core.jobs.classroom.records import Progress, Step
from core.jobs.lab import get_lab
from core.lessons import LESSONS, Lesson
from core.ui.classroom.address import lesson_address
from core.ui.classroom.seat import ME, Seat, seat
from core.ui.classroom.take_home import open_saved, take_home
from core.ui.classroom.teacher import TEACH, show_teacher
from core.ui.lessons.state import visit_at
from core.ui.sitemap import page
from core.ui.text import counted, inert

CODE: Final = "code"
_REFUSED: Final = "class_refused"
_TIMES: Final = {"2 hours": 2, "1 day": 24, "1 week": 7 * 24, "1 month": 30 * 24}
"""How long a class may last → hours."""
_STEPS: Final = {
    Step.QUESTION: "Not begun",
    Step.RUNNING: "Predicted",
    Step.ANSWER: "Run",
    Step.REPAIRED: "Repaired",
    Step.TRIED: "Tried",
    Step.SOLVED: "Solved",
}


def show_class() -> None:
    """Show what the address asks for: a teacher's class, a member's, or the way into one."""
    if key := st.query_params.get(TEACH):
        if show_teacher(key):
            return
        st.query_params.clear()
        st.session_state[_REFUSED] = "This class has ended, or the address is not complete."
    mine = seat()
    if mine is not None:
        _show_member(mine)
        return
    if ME in st.query_params:
        del st.query_params[ME]
        st.session_state[_REFUSED] = "This class has ended, or the address is not complete."
    _show_doors()


def _show_doors() -> None:
    st.title("Class", anchor=False)
    if refused := st.session_state.pop(_REFUSED, ""):
        st.warning(inert(refused, 300), icon=":material/block:")
    if invited := st.query_params.get(CODE, "")[:20]:
        _join_card(invited)
        return
    left, right = st.columns(2, gap="medium")
    with left:
        _join_card()
    with right.container(border=True, key="class_open"):
        st.header("Open a class", anchor=False)
        st.markdown("Learners join with a short code; you see how far everybody is.")
        st.multiselect(
            "Lessons",
            [lesson.id for lesson in LESSONS],
            default=[LESSONS[0].id],
            format_func=_title,
            key="class_lessons",
        )
        st.segmented_control("It ends after", list(_TIMES), default="1 day", required=True, key="class_hours")
        st.button("Open the class", icon=":material/meeting_room:", key="class_open_button", on_click=_open)
        st.caption("When it ends, names, answers and experiments of the class are deleted.")
    open_saved()


def _join_card(code: str = "") -> None:
    """Draw the field for the code and the button; whoever was sent here by a code is offered nothing else."""
    with st.container(border=True, key="class_join", width=560):
        st.header("Join a class", anchor=False)
        st.markdown("No account, no name: you get a pseudonym.")
        st.text_input("Code", code, key="class_code", placeholder="for example K7P2XM", max_chars=20)
        st.button("Join", type="primary", icon=":material/login:", key="class_join_button", on_click=_join)


def _title(lesson: str) -> str:
    number = next(place for place, known in enumerate(LESSONS, start=1) if known.id == lesson)
    return f"{number}. {LESSONS[number - 1].title}"


def _join() -> None:
    address = str(st.context.ip_address)
    try:
        secret = get_lab().store.classrooms.join(st.session_state.class_code, address)
        room, _ = get_lab().store.classrooms.of_member(secret)
    except (InputRefused, WorkFailed) as refusal:
        st.session_state[_REFUSED] = str(refusal)
        return
    if len(room.lessons) == 1:
        st.switch_page(page("lessons"), query_params=lesson_address(room.lessons[0], secret=secret))
    st.query_params.from_dict({ME: secret})


def _open() -> None:
    hours = _TIMES[st.session_state.class_hours]
    try:
        key = get_lab().store.classrooms.open(st.session_state.class_lessons, hours * 3600)
    except (InputRefused, WorkFailed) as refusal:
        st.session_state[_REFUSED] = str(refusal)
        return
    st.query_params.from_dict({TEACH: key})


def _show_member(mine: Seat) -> None:
    st.title(f"Class {mine.room.code}", anchor=False)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"You are **{inert(mine.member.name)}**.", width="content")
        with st.popover("Change", type="tertiary", key="class_rename"):
            st.text_input("Name", mine.member.name, max_chars=LONGEST_NAME, key="class_name")
            st.button("Take this name", key="class_name_button", on_click=_rename, args=(mine.secret,))
    if refused := st.session_state.pop(_REFUSED, ""):
        st.warning(inert(refused, 300), icon=":material/block:")
    lessons = [lesson for identity in mine.room.lessons for lesson in LESSONS if lesson.id == identity]
    for lesson in lessons:
        _lesson_line(mine, lesson)
    st.caption("The address of this page is yours alone: it brings you back, also on another device.")
    begun = [(lesson, mine.member.in_lesson(lesson.id)) for lesson in lessons if lesson.id in mine.member.progress]
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
            st.markdown(f"**{_title(lesson.id)}**")
            st.caption(_standing(known))
        st.page_link(
            page("lessons"),
            label="Start" if known.step == Step.QUESTION else "Go on",
            icon=":material/arrow_forward:",
            query_params=lesson_address(lesson.id, known, mine.secret),
        )


def _standing(known: Progress) -> str:
    tries = f" · {counted(known.attempts, 'try', 'tries')}" if known.attempts else ""
    return (_STEPS[Step.SOLVED] if known.solved else _STEPS[known.step]) + tries


def _rename(secret: str) -> None:
    try:
        get_lab().store.classrooms.rename(secret, st.session_state.class_name)
    except (InputRefused, WorkFailed) as refusal:
        st.session_state[_REFUSED] = str(refusal)
