"""The teacher's view of a class: how to join it, and live, how far everybody is and what they predicted."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from html import escape
from typing import Final

import streamlit as st

from core.errors import InputRefused, WorkFailed
from core.jobs.classroom.records import Classroom, Member, Progress, Step
from core.jobs.lab import get_lab
from core.lessons import Lesson
from core.ui.classroom.links import absolute, qr_code, say_where_it_works
from core.ui.lessons.state import LESSON, lessons_of, numbered
from core.ui.sentences import translated
from core.ui.text import ago, counted, duration, inert
from core.ui.trouble import told
from core.ui.words import later, t, tn

TEACH: Final = "teach"
"""The name of the teacher's key in the address."""
OVER: Final = "class_over"
"""The key of what a teacher's tab remembers who has just ended a class."""
_TICK_SECONDS: Final = 2.0
_STEPS: Final = {
    Step.QUESTION: later("Question"),
    Step.RUNNING: later("Running"),
    Step.ANSWER: later("Answer"),
    Step.REPAIRED: later("Repaired"),
    Step.TRIED: later("Trying"),
    Step.SOLVED: later("Solved"),
}
_HEADS: Final = (
    later("Name"), later("Now at"), later("Predicted"), later("Tries"), later("Solved"), later("Last seen")
)  # fmt: skip

STYLE: Final = """<style>
.cr-code { font: 600 clamp(2rem, 5vw, 3rem)/1.1 ui-monospace, monospace; letter-spacing: .12em; }
.cr-split, .cr-roster { width: 100%; border-collapse: collapse; }
.cr-split { display: grid; gap: .5rem; margin: 0 !important; padding: 0 !important; }
.cr-split div { display: grid; grid-template-columns: 2.2em 1fr 2.5em; gap: .1rem .6rem; align-items: center; }
.cr-split :is(div, dt, dd) { margin: 0; padding: 0; font-weight: inherit; }
.cr-split dt { grid-column: 1 / -1; }
.cr-split .bar { grid-column: 1 / 3; height: 1.1em; border-radius: 3px; background: rgb(128 128 128 / .18); }
.cr-split .bar i { display: block; height: 100%; border-radius: 3px; background: #1a8186; transition: width .3s; }
.cr-split .right { font-weight: 600; }
.cr-split .right ~ .bar i { background: light-dark(#00744c, #4fc195); }
.cr-split .right > span { color: light-dark(#00744c, #4fc195); }
.cr-split dd.count { text-align: right; font-variant-numeric: tabular-nums; font-weight: 600; }
.cr-scroll { overflow-x: auto; }
.cr-roster th { text-align: left; font-weight: 600; opacity: .75; }
.cr-roster :is(th, td) { padding: .35rem .8rem .35rem 0; border-bottom: 1px solid rgb(128 128 128 / .25);
  white-space: nowrap; }
.cr-roster td.name { white-space: normal; overflow-wrap: anywhere; min-width: 7em; font-weight: 600; }
.cr-roster td.number { font-variant-numeric: tabular-nums; }
@media (prefers-reduced-motion: reduce) { .cr-split .bar i { transition: none; } }
</style>"""


def show_teacher(key: str) -> bool:
    """Show the class of a teacher's `key`; return whether there is one."""
    try:
        room = get_lab().store.classrooms.conducted_with(key)
    except InputRefused:
        return False
    st.html(STYLE)
    st.title(t("Your class"), anchor=False)
    left, right = st.columns([3, 7], gap="medium")
    with left.container(key="class_door"):
        _door(room)
        _remove(key, room)
        _end(key)
    with right.container(key="class_live"):
        lesson = _lesson(room)
        hold = f"class_hold_{lesson.id}"
        if hold not in st.session_state:
            st.session_state[hold] = lesson.id in room.held
        with st.container(horizontal=True, vertical_alignment="center", key="class_controls"):
            st.toggle(
                t("Hold the answer"),
                key=hold,
                help=t("Learners see curves, but neither the answer nor the explanation, until you reveal them."),
                on_change=_hold,
                args=(key, lesson.id),
            )
            if st.session_state[hold]:
                st.button(
                    t("Reveal the answer"),
                    type="primary",
                    icon=":material/visibility:",
                    key="class_reveal",
                    on_click=_reveal,
                    args=(key, lesson.id),
                )
            about = t("The split of the answers so far.")
            shown = st.toggle(t("Predictions"), value=True, key="class_split", help=about)
            there = absolute("lessons", **{LESSON: lesson.id, "present": "1", "code": room.code})
            # In a tab of its own, so that the teacher's key stays in this one and off the wall.
            st.link_button(t("Present"), there, icon=":material/slideshow:")
        _live(key, lesson, shown=shown)
    return True


def _door(room: Classroom) -> None:
    spelt = escape(t("Code {letters}", letters=" ".join(room.code)), quote=True)
    st.html(f'<div class="cr-code" role="img" aria-label="{spelt}">{room.code}</div>')
    link = absolute("class", code=room.code)
    st.html(qr_code(link))
    st.code(link, language=None, wrap_lines=True)
    say_where_it_works()
    left = max(0.0, room.expires - time.time())
    st.caption(
        t(
            "Ends by itself in {time}. The address of this page is your key to the class: keep it, and do not show it. "
            "*Present* opens a view without it.",
            time=_long(left),
        )
    )


def _long(seconds: float) -> str:
    if seconds < 2 * 3600:
        return duration(seconds)
    hours = round(seconds / 3600)
    return counted(hours, "hour") if hours < 48 else counted(hours // 24, "day")


def _lesson(room: Classroom) -> Lesson:
    lessons = lessons_of(room.lessons)
    if len(lessons) == 1:
        st.header(numbered(lessons[0]), anchor=False)
        return lessons[0]
    chosen = st.selectbox(
        t("Lesson"), range(len(lessons)), format_func=lambda place: numbered(lessons[place]), key="class_lesson"
    )
    return lessons[chosen or 0]


def _hold(key: str, lesson: str) -> None:
    _change(key, lesson, held=bool(st.session_state[f"class_hold_{lesson}"]))


def _reveal(key: str, lesson: str) -> None:
    st.session_state[f"class_hold_{lesson}"] = False
    _change(key, lesson, held=False)


def _change(key: str, lesson: str, *, held: bool) -> None:
    classrooms = get_lab().store.classrooms
    try:
        before = classrooms.conducted_with(key).held
        classrooms.hold(key, before | {lesson} if held else before - {lesson})
    except (InputRefused, WorkFailed) as refusal:
        st.toast(inert(translated(str(refusal)), 200))


@st.fragment(run_every=_TICK_SECONDS)
@told
def _live(key: str, lesson: Lesson, *, shown: bool) -> None:
    classrooms = get_lab().store.classrooms
    try:
        room = classrooms.conducted_with(key)
        members = classrooms.members(room.id)
    except InputRefused:
        st.rerun()
    if not members:
        st.info(t("Nobody is here yet. Learners join with the code or the picture."), icon=":material/groups:")
        return
    known = [member.in_lesson(lesson.id) for member in members]
    predicted = sum(progress.step != Step.QUESTION for progress in known)
    solved = sum(progress.solved for progress in known)
    st.markdown(
        t(
            "**{joined}** joined · **{predicted}** predicted · **{solved}** solved",
            joined=len(members),
            predicted=predicted,
            solved=solved,
        )
    )
    if shown:
        # Who shares this screen gives no answer away before everybody has one.
        st.html(split(lesson, known, revealed=lesson.id not in room.held and predicted == len(members)))
    st.html(roster(members, lesson, held=lesson.id in room.held))


def split(lesson: Lesson, known: Sequence[Progress], *, revealed: bool) -> str:
    """Return as HTML how many chose each answer of the question; the right one is marked once it is `revealed`."""
    counts = Counter(progress.guess for progress in known if progress.guess is not None)
    most = max(1, sum(counts.values()))
    bars = "".join(
        f"<div>{_answer(place, option, right=revealed and place == lesson.answer)}"
        f'<dd class="bar"><i style="width:{100 * counts[place] / most:.0f}%"></i></dd>'
        f'<dd class="count">{counts[place]}</dd></div>'
        for place, option in enumerate(lesson.options)
    )
    skipped = sum(progress.guess is None and progress.step != Step.QUESTION for progress in known)
    told = tn("{count} learner skipped the question.", "{count} learners skipped the question.", skipped)
    return f'<dl class="cr-split">{bars}</dl>{f"<p>{told}</p>" if skipped else ""}'


def _answer(place: int, option: str, *, right: bool) -> str:
    """Return an answer with its number; letters are the names of runs."""
    told = f"{place + 1}. {escape(option.replace('**', ''))}"
    if not right:
        return f"<dt>{told}</dt>"
    return f'<dt class="right">{told} {right_mark()}</dt>'


def right_mark() -> str:
    """Return as HTML what stands behind the right answer."""
    return f'<span role="img" aria-label="{escape(t("the right answer"), quote=True)}">✓</span>'


def roster(members: Sequence[Member], lesson: Lesson, *, held: bool) -> str:
    """Return as an HTML table how far everybody is; where the answer is `held`, they wait for it."""
    now = datetime.now(UTC)
    rows = []
    for member in members:
        known = member.in_lesson(lesson.id)
        guess = "–" if known.guess is None else known.guess + 1
        seen = ago(datetime.fromtimestamp(max(known.active, member.joined), UTC), now)
        solved = "✓" if known.solved else ""
        step = t("Waits") if held and known.step == Step.ANSWER else t(_STEPS[known.step])
        rows.append(
            f'<tr><td class="name">{escape(member.name)}</td><td>{step}</td><td>{guess}</td>'
            f'<td class="number">{known.attempts or "–"}</td><td>{solved}</td><td>{seen}</td></tr>'
        )
    head = "".join(f'<th scope="col">{escape(t(title))}</th>' for title in _HEADS)
    table = f'<table class="cr-roster"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
    label = escape(t("Learners"), quote=True)
    return f'<div class="cr-scroll" role="region" aria-label="{label}" tabindex="0">{table}</div>'


def _remove(key: str, room: Classroom) -> None:
    """Offer to remove somebody: a stranger, or the second name of who has joined twice."""
    with st.popover(t("Remove somebody"), icon=":material/person_remove:", type="tertiary", key="class_remove"):
        members = {member.id: member.name for member in get_lab().store.classrooms.members(room.id)}
        who = st.selectbox(
            t("Who"), list(members), index=None, format_func=lambda member: members.get(member, ""), key="class_who"
        )
        st.button(t("Remove"), disabled=who is None, key="class_remove_button", on_click=_dismiss, args=(key,))


def _dismiss(key: str) -> None:
    if (who := st.session_state.get("class_who")) is not None:
        st.session_state.class_who = None
        try:
            get_lab().store.classrooms.dismiss(key, who)
        except (InputRefused, WorkFailed) as refusal:
            st.toast(inert(translated(str(refusal)), 200))


def _end(key: str) -> None:
    if st.button(t("End the class"), icon=":material/door_back:", type="tertiary", key="class_end"):
        st.dialog(t("End this class?"))(_confirm_end)(key)


def _confirm_end(key: str) -> None:
    st.markdown(
        t("Names, answers and experiments of everybody in it will be gone. Let learners save their work first.")
    )
    with st.container(horizontal=True):
        if st.button(t("End it"), type="primary", key="class_end_yes") and _ended(key):
            st.query_params.clear()
            st.rerun()
        if st.button(t("Keep it"), key="class_end_no"):
            st.rerun()


@told
def _ended(key: str) -> bool:
    """End a class and return whether it has ended."""
    with suppress(InputRefused):  # it had ended already
        get_lab().store.classrooms.end(key)
    st.session_state[OVER] = True
    return True
