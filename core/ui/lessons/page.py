"""The page of lessons. In each: predict, watch the race of the losses, understand, repair, and try it by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any, Final

import streamlit as st

from core.jobs.lab import get_lab
from core.jobs.storage.records import Experiment
from core.lessons import BASICS, LESSONS, Lesson
from core.lessons.claims import quoted
from core.lessons.glossary import GLOSSARY
from core.ui.chart.live import live_chart
from core.ui.classroom.lesson_reins import EXERCISE, REPAIR, complain, lesson_reins
from core.ui.classroom.progress import class_bar, note, wait_for_the_answer
from core.ui.classroom.take_home import take_home_lesson
from core.ui.families import FAMILIES, family_badge
from core.ui.lab.knobs import label_of, show_value, value_at
from core.ui.lessons import state
from core.ui.lessons.state import Visit
from core.ui.sitemap import page
from core.ui.text import counted, inert

_STYLE: Final = """<style>
@media (min-width: 641px) {
  [data-testid="stLayoutWrapper"]:has(> .st-key-lesson_stage) { position: sticky; top: 4.5rem; }
}
@media (max-width: 640px) {
  [data-testid="stColumn"]:has(.st-key-lesson_stage .ll-live) { order: -1; }
}
</style>"""
"""The curves stay in sight while the words beside them scroll; on a phone they come first."""

_COMMON: Final = ("epoch", "seed", "loss", "baseline", "skill")
"""Words that every lesson uses."""

_PARTS: Final = {"runs": "The lesson", "repair": "Repaired", "attempt": "Your try"}


def gallery(*, unknown: bool) -> None:
    """Show every lesson as a card, by family."""
    st.title("Lessons")
    st.markdown(
        f"{len(LESSONS)} causes of a bad loss, one at a time. Say what you expect, run it, see why, repair it, and try "
        "it yourself."
    )
    if unknown:
        st.warning("There is no such lesson; choose one of these.", icon=":material/link_off:")
    numbered = list(enumerate(LESSONS, start=1))
    st.header("First steps", anchor=False)
    _cards(numbered[: len(BASICS)], badges=True)
    for family, lessons in groupby(numbered[len(BASICS) :], key=lambda pair: pair[1].family):
        st.header(FAMILIES[family][0], anchor=False)
        _cards(lessons, badges=False)


def _cards(lessons: Iterable[tuple[int, Lesson]], *, badges: bool) -> None:
    """Draw a card for each; their family is a badge where no heading says it."""
    with st.grid(3, min_column_width=260):
        for number, lesson in lessons:
            _card(number, lesson, badge=badges)


def _card(number: int, lesson: Lesson, *, badge: bool) -> None:
    with st.container(border=True, height="stretch"):
        if badge:
            family_badge(lesson.family)
        st.subheader(f"{number}. {lesson.title}", anchor=False)
        st.markdown(lesson.about)
        st.space("stretch")
        start, key = f"Start lesson {number}", f"lessons_{lesson.id}"
        st.button(start, icon=":material/arrow_forward:", key=key, on_click=state.go, args=(lesson.id,))


def show_lesson(lesson: Lesson) -> None:
    """Show one lesson at the point it has reached."""
    visit = state.visit_of(lesson)
    st.html(_STYLE)
    left, right = st.columns([4, 7], gap="medium")
    with left.container(key="lesson_words"):
        class_bar()
        complain(lesson)
        st.button("All lessons", icon=":material/arrow_back:", type="tertiary", on_click=state.go)
        family_badge(lesson.family)
        st.title(f"{LESSONS.index(lesson) + 1}. {lesson.title}", anchor=False)
        st.markdown(lesson.about)
        _question(visit)
        if refused := visit.trouble or st.session_state.get("lesson_refused", ""):
            st.warning(inert(refused, 300), icon=":material/block:")
        seeds = state.results_of(visit)
        note(visit, seeds)
        if visit.ended and visit.held:
            wait_for_the_answer(lesson)
        elif visit.ended:
            with st.container(border=True, key="lesson_reveal"):
                _reveal(visit, seeds)
            bound = lesson_reins(lesson)
            if REPAIR not in bound.hidden:
                with st.container(border=True, key="lesson_repair"):
                    _repair(visit, seeds)
            if EXERCISE not in bound.hidden:
                with st.container(border=True, key="lesson_exercise"):
                    _exercise(visit, seeds)
        elif visit.runs is not None and visit.runs.finished:
            st.markdown("Not every run finished, so there is nothing to compare yet.")
        _read_on(lesson)
        _next(lesson)
        if visit.runs is not None:
            st.button("Begin again", icon=":material/replay:", type="tertiary", on_click=state.again, args=(lesson,))
            take_home_lesson(visit)
    with right.container(key="lesson_stage"):
        _stage(visit, seeds)


def _question(visit: Visit) -> None:
    lesson = visit.lesson
    if visit.runs is not None:
        said = "You skipped the question" if visit.guess is None else f"You said: {lesson.options[visit.guess]}"
        st.markdown(f"**{lesson.question}**  \n{said}.")
        st.markdown(f":material/visibility: {lesson.look}")
        if not visit.runs.finished:
            cancel = get_lab().store.cancel
            st.button("Cancel", icon=":material/stop:", on_click=cancel, args=(visit.runs.id,))
        return
    guess: int | None = st.radio(
        f"**{lesson.question}**",
        range(len(lesson.options)),
        index=None,
        key=f"lesson_guess_{lesson.id}_{state.turn(lesson)}",
        format_func=lambda i: lesson.options[i],
        persist_state="session",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Run it",
            type="primary",
            icon=":material/play_arrow:",
            disabled=guess is None,
            help="Predict first: choose an answer." if guess is None else None,
            on_click=state.predict,
            args=(lesson, guess),
            kwargs={"known": visit.known},
            key="lesson_run",
        )
        if guess is None:
            skip, known = "Skip the question", {"known": visit.known}
            st.button(
                skip, type="tertiary", on_click=state.predict, args=(lesson, None), kwargs=known, key="lesson_skip"
            )


def _reveal(visit: Visit, seeds: list[dict[str, Any]]) -> None:
    lesson = visit.lesson
    verdict = "**Answer:**"
    if visit.guess == lesson.answer:
        verdict = ":green[:material/check_circle: **As you said:**]"
    elif visit.guess is not None:
        verdict = ":orange[:material/lightbulb: **It came out differently:**]"
    st.markdown(f"{verdict} {lesson.options[lesson.answer]}.")
    st.markdown(quoted(lesson.explanation, seeds))
    st.caption(f"The numbers are those of this run: the median of {counted(lesson.spec.seeds, 'seed')}.")


def _repair(visit: Visit, seeds: list[dict[str, Any]]) -> None:
    lesson = visit.lesson
    st.subheader("Repair it", anchor=False)
    st.markdown(_changes(lesson.variants[lesson.repair.of].model_dump(mode="json"), lesson.repair.change))
    if visit.repair is not None and not visit.repair.finished:
        st.markdown(":gray[Training…]")
    elif visit.repair is not None and state.whole(visit.repair):
        st.markdown(quoted(lesson.repair.words, seeds))
    else:
        if visit.repair is not None:
            st.markdown("Not every run finished, so there is nothing to compare yet.")
        mend = "Repair and run"
        st.button(mend, icon=":material/build:", key="lesson_mend", on_click=state.repair, args=(lesson,))


def _changes(before: Mapping[str, Any], change: Mapping[str, Any]) -> str:
    """Return what a change does, a line for each setting, in the words of the lab."""
    lines = [
        f"- {label_of(path)}: {inert(show_value(path, value_at(before, path)))} → **{inert(show_value(path, value))}**"
        for path, value in change.items()
    ]
    return "\n".join(lines)


def _exercise(visit: Visit, seeds: list[dict[str, Any]]) -> None:
    lesson = visit.lesson
    st.subheader("Try it yourself", anchor=False)
    st.markdown(lesson.exercise.task)
    shown = visit.attempt.runs[0].spec if visit.attempt else lesson.variants[lesson.exercise.of]
    start = state.knob_values(lesson, shown)
    chosen, bound = {}, lesson_reins(lesson)
    for path, values in lesson.exercise.knobs.items():
        if path in bound.hidden:
            chosen[path] = start[path]
            continue
        offered = list(values)
        place: int | None = st.segmented_control(
            label_of(path),
            range(len(offered)),
            default=offered.index(start[path]) if start[path] in offered else None,
            required=True,
            format_func=lambda i, path=path, offered=offered: show_value(path, offered[i]),
            key=f"lesson_knob_{lesson.id}_{state.turn(lesson)}_{path}",
            disabled=path in bound.locked,
        )
        chosen[path] = start[path] if place is None else offered[place]
    st.button(
        "Run my try", icon=":material/play_arrow:", key="lesson_try", on_click=state.attempt, args=(lesson, chosen)
    )
    if visit.attempt is not None and not visit.attempt.finished:
        st.markdown(":gray[Training…]")
    elif visit.attempt is not None and not state.whole(visit.attempt):
        st.markdown("Not every run finished, so there is nothing to compare yet.")
    elif visit.attempt is not None:
        _verdict(lesson, seeds)


def _verdict(lesson: Lesson, seeds: list[dict[str, Any]]) -> None:
    held = state.solved(lesson, seeds)
    if all(count == len(seeds) for _, count in held):
        st.success(f"Solved, in {len(seeds)} of {len(seeds)} seeds.", icon=":material/task_alt:")
        return
    wanted = " and ".join(claim.words() for claim, _ in held)
    claim, count = next((claim, count) for claim, count in held if count < len(seeds))
    mine = claim.left.quantity
    told = "That holds"
    if mine is not None and mine.what != "diverged":
        reached = quoted(f"{{{mine.name}}}", seeds)
        told = (
            "Yours diverged: that holds" if reached == "NaN" else f"In your run {mine.words()} is {reached}: that holds"
        )
    st.info(
        f"Not yet. It is solved when {wanted}, in every seed. {told} in {count} of {len(seeds)}.",
        icon=":material/trending_up:",
    )


def _next(lesson: Lesson) -> None:
    place = LESSONS.index(lesson) + 1
    if place < len(LESSONS):
        label, there = f"Next: {place + 1}. {LESSONS[place].title}", (LESSONS[place].id,)
        st.button(label, icon=":material/arrow_forward:", key="lesson_next", on_click=state.go, args=there)


def _read_on(lesson: Lesson) -> None:
    with st.expander("Words and sources", icon=":material/menu_book:"):
        for word in dict.fromkeys((*lesson.glossary, *_COMMON)):
            st.markdown(f"**{word}**: {GLOSSARY[word]}")
        for reference in lesson.references:
            st.markdown(f"[{reference.text}]({reference.url})" if reference.url else reference.text)


def _in_short(visit: Visit, shown: Experiment, seeds: list[dict[str, Any]]) -> str:
    """Return in a badge what came of the runs on the stage: on a phone the words about them are out of sight."""
    lesson = visit.lesson
    if not state.whole(shown):
        return ""
    if visit.held:
        return ":gray-badge[:material/hourglass_top: Your teacher reveals the answer]"
    if shown is visit.attempt:
        done = all(count == len(seeds) for _, count in state.solved(lesson, seeds))
        return ":green-badge[Solved]" if done else ":orange-badge[Not yet solved]"
    if shown is visit.repair:
        return ":green-badge[Repaired]"
    answer = lesson.options[lesson.answer]
    if visit.guess == lesson.answer:
        return f":green-badge[As you said] {answer}."
    return f":orange-badge[{'Answer' if visit.guess is None else 'It came out differently'}] {answer}."


def _stage(visit: Visit, seeds: list[dict[str, Any]]) -> None:
    parts: dict[str, Experiment] = {name: found for name in _PARTS if (found := getattr(visit, name)) is not None}
    if not parts:
        with st.container(border=True, height=420, vertical_alignment="center", horizontal_alignment="center"):
            st.markdown(":gray[The curves appear here once you have said what you expect.]", width="content")
        return
    newest = list(parts)[-1]
    shown = parts[newest]
    if len(parts) > 1:
        wanted = st.segmented_control(
            "Curves",
            list(parts),
            default=newest,
            required=True,
            format_func=_PARTS.__getitem__,
            label_visibility="collapsed",
            key=f"lesson_shown_{visit.lesson.id}_{parts[newest].id}",
        )
        shown = parts[wanted or newest]
    if came := _in_short(visit, shown, seeds):
        st.markdown(came)
    live_chart(shown, key="lesson_live", title=visit.lesson.title)
    if shown.finished:
        there = {"x": shown.id}
        st.page_link(page("lab"), label="Open in the lab", icon=":material/science:", query_params=there)
