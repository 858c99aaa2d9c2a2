"""The page of lessons. In each: predict, watch the race of the losses, understand, repair, and try it by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

import streamlit as st

from core.jobs.storage.records import Experiment
from core.lessons import BASICS, Lesson
from core.lessons.claims import quoted
from core.lessons.glossary import glossary_in
from core.spec import plain_text
from core.ui.chart.live import live_chart
from core.ui.chart.variant_colours import keep_apart, seen_places
from core.ui.classroom.lesson_reins import EXERCISE, REPAIR, complain, lesson_reins
from core.ui.classroom.progress import class_bar, note, wait_for_the_answer
from core.ui.classroom.seat import ended, seat
from core.ui.classroom.take_home import say_ended, take_home_lesson
from core.ui.families import FAMILIES, family_badge
from core.ui.lab.knobs import knob_at, label_of, show_value, show_values, value_at
from core.ui.lessons import browser, state
from core.ui.lessons.numbers import numbers_table, run_names
from core.ui.lessons.prose import STYLE, prose
from core.ui.lessons.state import Visit
from core.ui.people.mine import my_store
from core.ui.pictures.pictures import pictures
from core.ui.sitemap import page
from core.ui.text import counted, inert
from core.ui.trouble import attempted
from core.ui.words import language, later, t, written

_STYLE: Final = f"""<style>
{STYLE}
@media (min-width: 641px) {{
  [data-testid="stLayoutWrapper"]:has(> .st-key-lesson_stage) {{ position: sticky; top: 4.5rem; }}
}}
@media (max-width: 640px) {{
  [data-testid="stColumn"]:has(.st-key-lesson_stage .ll-live) {{ order: -1; }}
  .st-key-lesson_table [data-testid="stExpanderDetails"] {{ max-height: 15rem; overflow-y: auto; }}
}}
@media (min-width: 641px) {{ .st-key-lesson_verdict a {{ display: none; }} }}
.st-key-lesson_reveal, .st-key-lesson_repair, .st-key-lesson_exercise {{ scroll-margin-top: 5rem; }}
.st-key-lesson_stage:focus {{ outline: none; }}
.st-key-lesson_numbers table {{ font-size: 0.875rem; }}
</style>"""
"""The curves stay in sight while the words beside them scroll; on a phone they come first."""

_COMMON: Final = ("epoch", "seed", "loss", "baseline", "skill")
"""Words that every lesson uses."""

_PARTS: Final = {"runs": later("The lesson"), "repair": later("Repaired"), "attempt": later("Your try")}
_LONGEST: Final = 2000


def gallery(*, unknown: bool) -> None:
    """Show every lesson as a card, by family."""
    st.html(_STYLE)
    lessons = state.lessons()
    st.title(t("Lessons"), anchor=False)
    st.markdown(
        t(
            "{count} causes of a bad loss, one at a time. Say what you expect, run it, see why, repair it, and try it "
            "yourself.",
            count=len(lessons),
        )
    )
    if unknown:
        st.warning(t("There is no such lesson; choose one of these."), icon=":material/link_off:")
    known = browser.browser(asks=True)
    done = {lesson.id: known[lesson.id] for lesson in lessons if lesson.id in known}
    if done:
        solved = sum(mark == browser.SOLVED for mark in done.values())
        told = t("{solved} of {count} solved, in this browser", solved=solved, count=len(lessons))
        st.progress(solved / len(lessons), text=told)
    numbered = list(enumerate(lessons, start=1))
    st.header(t("First steps"), anchor=False)
    _cards(numbered[: len(BASICS)], done, badges=True)
    for family, those in groupby(numbered[len(BASICS) :], key=lambda pair: pair[1].family):
        st.header(t(FAMILIES[family][0]), anchor=False)
        _cards(those, done, badges=False)
    st.header(t("A lesson of your own"), anchor=False)
    st.markdown(t("Run an experiment in the lab and choose *Make this a lesson* below its chart, or open a file."))
    key = "lesson_file"
    st.file_uploader(t("Open a lesson file"), key=key, on_change=state.opened_file, args=(key,))
    if refused := st.session_state.get("lesson_refused", ""):
        st.warning(inert(refused, 300), icon=":material/block:")


def _cards(lessons: Iterable[tuple[int, Lesson]], done: Mapping[str, str], *, badges: bool) -> None:
    """Draw a card for each; their family is a badge where no heading says it."""
    with st.grid(3, min_column_width=260):
        for number, lesson in lessons:
            _card(number, lesson, done.get(lesson.id, ""), badge=badges)


def _card(number: int, lesson: Lesson, mark: str, *, badge: bool) -> None:
    with st.container(border=True, height="stretch"):
        with st.container(horizontal=True):
            if badge:
                family_badge(lesson.family)
            if mark == browser.SOLVED:
                st.badge(t("Solved"), icon=":material/task_alt:", color="green")
            elif mark:
                st.badge(t("Answered"), icon=":material/done:", color="gray")
        st.subheader(f"{number}. {lesson.title}", anchor=False)
        st.html(prose(lesson.about, f"card-{number}"))
        st.space("stretch")
        start, key = t("Start lesson {number}", number=number), f"lessons_{lesson.id}"
        st.button(start, icon=":material/arrow_forward:", key=key, on_click=state.go, args=(lesson.id,))


def show_lesson(lesson: Lesson) -> None:
    """Show one lesson at the point it has reached."""
    visit = state.visit_of(lesson)
    st.html(_STYLE)
    left, right = st.columns([4, 7], gap="medium")
    seeds = state.results_of(visit)
    verdict = _verdict(visit, seeds)
    with left.container(key="lesson_words"):
        if secret := ended():
            say_ended(secret)
        class_bar()
        _say_outside(lesson)
        complain(lesson)
        st.button(t("All lessons"), icon=":material/arrow_back:", type="tertiary", on_click=state.go)
        family_badge(lesson.family)
        st.title(state.headline(lesson), anchor=False)
        _text(lesson, "about", lesson.about)
        _question(visit)
        # What a class that has ended took along is no news beside that.
        if refused := ("" if secret else visit.trouble) or st.session_state.get("lesson_refused", ""):
            st.warning(inert(refused, 300), icon=":material/block:")
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
            st.markdown(t("Not every run finished, so there is nothing to compare yet."))
        _read_on(lesson)
        _next(lesson)
        if visit.runs is not None:
            afresh = t("Begin again")
            st.button(afresh, icon=":material/replay:", type="tertiary", on_click=state.again, args=(lesson,))
            take_home_lesson(visit)
    with right.container(key="lesson_stage"):
        _stage(visit, verdict)
        if visit.ended:
            with st.container(key="lesson_numbers"):
                _numbers(visit, seeds)
    browser.browser(verdict.told if verdict else "", choice=state.choice_of(visit))


def _say_outside(lesson: Lesson) -> None:
    """Say to the member of a class that their teacher has not chosen this lesson, where it is so."""
    mine = seat()
    if mine is not None and lesson.id not in mine.room.lessons:
        st.caption(t("This lesson is not one of your class: your teacher does not see what you do here."))


def _text(lesson: Lesson, place: str, text: str, seeds: list[dict[str, Any]] | None = None) -> None:
    """Draw a text of the lesson, with the numbers of `seeds` in it and the words of its glossary marked."""
    words = quoted(text, seeds, written) if seeds is not None else text
    st.html(prose(words, f"lesson-{place}", (*lesson.glossary, *_COMMON), language()))


def _question(visit: Visit) -> None:
    lesson = visit.lesson
    if visit.runs is not None:
        said = t("You skipped the question.")
        if visit.guess is not None:
            said = t("You said: {option}.", option=_option(lesson, visit.guess))
        st.markdown(f"**{inert(lesson.question, _LONGEST)}**  \n{said}")
        _text(lesson, "look", lesson.look)
        if not visit.runs.finished and visit.runs.changeable:
            cancel = attempted(my_store().cancel)
            st.button(t("Cancel"), icon=":material/stop:", on_click=cancel, args=(visit.runs.id,))
        return
    st.markdown(f"**{inert(lesson.question, _LONGEST)}**")
    guess: int | None = st.radio(
        plain_text(lesson.question, _LONGEST),  # an accessible name, which is no Markdown
        range(len(lesson.options)),
        index=state.chosen(lesson),
        key=state.guess_key(lesson),
        format_func=lambda place: _option(lesson, place),
        persist_state="session",
        label_visibility="collapsed",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            t("Run it"),
            type="primary",
            icon=":material/play_arrow:",
            disabled=guess is None,
            help=t("Predict first: choose an answer.") if guess is None else None,
            on_click=state.predict,
            args=(lesson,),
            key="lesson_run",
        )
        if guess is None:
            skip = t("Skip the question")
            st.button(skip, type="tertiary", on_click=state.skip, args=(lesson,), key="lesson_skip")


def _option(lesson: Lesson, place: int) -> str:
    return inert(lesson.options[place], _LONGEST)


def _reveal(visit: Visit, seeds: list[dict[str, Any]]) -> None:
    lesson = visit.lesson
    verdict = f"**{t('Answer')}:**"
    if visit.guess == lesson.answer:
        verdict = f":green[:material/check_circle: **{t('As you said')}:**]"
    elif visit.guess is not None:
        verdict = f":orange[:material/lightbulb: **{t('It came out differently')}:**]"
    st.markdown(f"{verdict} {_option(lesson, lesson.answer)}.")
    _text(lesson, "why", lesson.explanation, seeds)


def _numbers(visit: Visit, seeds: list[dict[str, Any]]) -> None:
    """Draw the table of what the words speak of."""
    lesson = visit.lesson
    table = numbers_table(lesson, seeds)
    with st.expander(t("The numbers in the words"), icon=":material/table:", expanded=True, key="lesson_table"):
        st.table({inert(name): list(map(inert, cells)) for name, cells in table.items()}, border="horizontal")
        st.caption(
            t(
                "The median of {seeds} of this run, and in brackets the least and the greatest. A curve's number is "
                "that of its last epoch, unless it says otherwise.",
                seeds=counted(lesson.spec.seeds, "seed"),
            )
        )


def _repair(visit: Visit, seeds: list[dict[str, Any]]) -> None:
    lesson = visit.lesson
    st.header(t("Repair it"), anchor=False)
    st.markdown(_changes(lesson.variants[lesson.repair.of].model_dump(mode="json"), lesson.repair.change))
    if visit.repair is not None and not visit.repair.finished:
        st.markdown(f":gray[{t('Training…')}]")
    elif visit.repair is not None and state.whole(visit.repair):
        _text(lesson, "repair", lesson.repair.words, seeds)
    else:
        if visit.repair is not None:
            st.markdown(t("Not every run finished, so there is nothing to compare yet."))
        mend = t("Repair and run")
        st.button(mend, icon=":material/build:", key="lesson_mend", on_click=state.repair, args=(lesson,))


def _changes(before: Mapping[str, Any], change: Mapping[str, Any]) -> str:
    """Return what a change does, a line for each setting, in the words of the lab."""
    lines = [
        f"- {inert(t(label_of(path)))}: {inert(show_value(path, value_at(before, path)))} → "
        f"**{inert(show_value(path, value))}**"
        for path, value in change.items()
    ]
    return "\n".join(lines)


def _exercise(visit: Visit, seeds: list[dict[str, Any]]) -> None:
    lesson = visit.lesson
    st.header(t("Try it yourself"), anchor=False)
    _text(lesson, "task", lesson.exercise.task)
    shown = visit.attempt.runs[0].spec if visit.attempt else lesson.variants[lesson.exercise.of]
    start = state.knob_values(lesson, shown)
    bound = lesson_reins(lesson)
    for path, values in lesson.exercise.knobs.items():
        if path in bound.hidden:
            continue
        offered = list(values)
        st.segmented_control(
            inert(t(label_of(path))),
            range(len(offered)),
            default=offered.index(start[path]),
            required=True,
            format_func=list(map(inert, show_values(path, offered))).__getitem__,
            help=_about_knob(path),
            key=state.knob_key(lesson, path),
            disabled=path in bound.locked,
        )
    run = t("Run my try")
    st.button(run, icon=":material/play_arrow:", key="lesson_try", on_click=state.attempt, args=(lesson,))
    if visit.attempt is not None and not visit.attempt.finished:
        st.markdown(f":gray[{t('Training…')}]")
    elif visit.attempt is not None and not state.whole(visit.attempt):
        st.markdown(t("Not every run finished, so there is nothing to compare yet."))
    elif visit.attempt is not None:
        _outcome(lesson, seeds)


def _about_knob(path: str) -> str:
    """Return what a setting does, and where it is in a spec."""
    knob = knob_at(path)
    return f"{f'{knob.help} ' if knob and knob.path == path else ''}{t('In a spec: {path}.', path=inert(path))}"


def _outcome(lesson: Lesson, seeds: list[dict[str, Any]]) -> None:
    if state.is_solved(lesson, seeds):
        count = len(seeds)
        st.success(t("Solved, in {held} of {count} seeds.", held=count, count=count), icon=":material/task_alt:")
        if lesson.exercise.answer:
            _text(lesson, "answer", lesson.exercise.answer, seeds)
        return
    held = state.solved(lesson, seeds)
    wanted = t(" and ").join(claim.words(t, written) for claim, _ in held)
    asked = t("Not yet. It is solved when {claims}, in every seed.", claims=inert(wanted, _LONGEST))
    st.info(
        f"{asked} {_so_far(lesson, seeds)}",
        icon=":material/trending_up:",
    )


def _so_far(lesson: Lesson, seeds: list[dict[str, Any]]) -> str:
    """Return how near a try has come to the first claim that does not hold in every seed."""
    claim, count = next((claim, count) for claim, count in state.solved(lesson, seeds) if count < len(seeds))
    mine = claim.left.quantity
    told = ""
    if mine is not None and mine.what != "diverged":
        reached = quoted(f"{{{mine.name}}}", seeds, written)
        told = t("In your run {quantity} is {value}; ", quantity=mine.words(t), value=reached)
        told = t("Yours diverged; ") if reached == "NaN" else told
    held = t("what is asked for holds in {count} of {seeds}.", count=count, seeds=counted(len(seeds), "seed"))
    return f"{told}{held}" if told else f"{held[0].upper()}{held[1:]}"


def _next(lesson: Lesson) -> None:
    lessons, place = state.lessons(), state.place_of(lesson)
    if place is not None and place + 1 < len(lessons):
        following = lessons[place + 1]
        label = t("Next: {number}. {title}", number=place + 2, title=following.title)
        there = (following.id,)
        st.button(label, icon=":material/arrow_forward:", key="lesson_next", on_click=state.go, args=there)


def _read_on(lesson: Lesson) -> None:
    with st.expander(t("Words and sources"), icon=":material/menu_book:"):
        for word in dict.fromkeys((*lesson.glossary, *_COMMON)):
            entry = glossary_in(language())[word]
            st.markdown(f"**{entry.word}**: {entry.meaning}")
        for reference in lesson.references:
            # The text of a lesson that somebody sent leads nowhere.
            linked = reference.url and state.place_of(lesson) is not None
            st.markdown(f"[{reference.text}]({reference.url})" if linked else inert(reference.text, _LONGEST))


@dataclass(frozen=True)
class _Verdict:
    """What came of the newest part of a lesson, in a badge and a few words above its curves."""

    told: str
    """What tells it from every other."""
    badge: str
    words: str = ""
    read_on: str = ""
    """The part of the page with its explanation, which on a phone stands below the curves."""


def _verdict(visit: Visit, seeds: list[dict[str, Any]]) -> _Verdict | None:
    """Return what came of what was run last; None before that has ended."""
    lesson = visit.lesson
    newest = visit.attempt or visit.repair or visit.runs
    if newest is None or not state.whole(newest) or not visit.ended:
        return None
    if visit.held:
        return _Verdict(newest.id, f":gray-badge[:material/hourglass_top: {t('Your teacher reveals the answer')}]")
    if newest is visit.attempt:
        if state.is_solved(lesson, seeds):
            browser.note(lesson.id, browser.SOLVED)
            return _Verdict(newest.id, f":green-badge[{t('Solved')}]", read_on="lesson_exercise")
        return _Verdict(newest.id, f":orange-badge[{t('Not yet solved')}]", _so_far(lesson, seeds), "lesson_exercise")
    if visit.guess is not None:
        browser.note(lesson.id, browser.ANSWERED)
    if newest is visit.repair:
        return _Verdict(newest.id, f":green-badge[{t('Repaired')}]", read_on="lesson_repair")
    answer = f"{_option(lesson, lesson.answer)}."
    if visit.guess == lesson.answer:
        return _Verdict(newest.id, f":green-badge[{t('As you said')}]", answer, "lesson_reveal")
    told = t("Answer") if visit.guess is None else t("It came out differently")
    return _Verdict(newest.id, f":orange-badge[{told}]", answer, "lesson_reveal")


def _stage(visit: Visit, verdict: _Verdict | None) -> None:
    lesson = visit.lesson
    parts: dict[str, Experiment] = {name: found for name in _PARTS if (found := getattr(visit, name)) is not None}
    if not parts:
        with st.container(border=True, height=420, vertical_alignment="center", horizontal_alignment="center"):
            told = t("The curves appear here once you have said what you expect.")
            st.markdown(f":gray[{told}]", width="content")
        return
    keep_apart(parts.values(), seen_places())
    newest = list(parts)[-1]
    shown = newest
    if len(parts) > 1:
        wanted = st.segmented_control(
            t("Curves"),
            list(parts),
            default=newest,
            required=True,
            format_func=lambda part: t(_PARTS[part]),
            label_visibility="collapsed",
            key=f"lesson_shown_{lesson.id}_{parts[newest].id}",
        )
        shown = wanted or newest
    if verdict and shown == newest:
        with st.container(key="lesson_verdict"):
            read_on = f"[{t('Read on')} ↓](#{verdict.read_on})" if verdict.read_on else ""
            st.markdown(f"{verdict.badge} {verdict.words} {read_on}")
    live_chart(
        parts[shown], key="lesson_live", title=lesson.title, letters=_letters(visit, shown, len(parts[shown].runs))
    )
    pictures(parts[shown], key="lesson_pictures", wanted=lesson.picture)
    if parts[shown].finished:
        there = {"x": parts[shown].id}
        st.page_link(page("lab"), label=t("Open in the lab"), icon=":material/science:", query_params=there)


def _letters(visit: Visit, part: str, count: int) -> list[str]:
    """Return for each run of a part what the lesson calls it."""
    letters = state.letters_of(visit.lesson, part)
    names = run_names(visit.lesson)
    called = [letter if letter in visit.lesson.variants else names[letter] for letter in letters]
    return [called[place * len(called) // count] for place in range(count)]
