"""The lab report: a learner's work as one HTML page that needs no server and holds no script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from typing import Final

from core.lessons import Lesson
from core.ui.classroom.curves import Drawing, curves_svg
from core.ui.classroom.work import LessonWork, Work
from core.ui.lessons import state
from core.ui.words import language, t

_STYLE: Final = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.7rem; } h2 { font-size: 1.3rem; margin-top: 2.5rem; border-top: 1px solid; padding-top: 1rem; }
h3 { font-size: 1.05rem; margin-bottom: 0; } .small { opacity: .75; font-size: .9rem; }
svg { font-family: "Source Sans 3", Arial, sans-serif; overflow: visible; }
@media print { h2 { break-before: page; } }
"""


def report(work: Work) -> str:
    """Return the work as one HTML page: no script, nothing fetched, every text escaped."""
    who = escape(t("Lab report of {name}", name=work.name) if work.name else t("Lab report"))
    parts = [f"<h1>{who}</h1>", f'<p class="small">Loss Lab · {escape(work.saved.replace("T", " "))}</p>']
    for done in work.lessons:
        lesson = state.lesson_at(done.lesson)
        if lesson is not None:
            parts += _section(lesson, done)
    return (
        f'<!doctype html><html lang="{language()}"><head><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{who}</title><style>{_STYLE}</style></head><body>{''.join(parts)}</body></html>"
    )


def _section(lesson: Lesson, done: LessonWork) -> Iterator[str]:
    yield f"<h2>{escape(lesson.title)}</h2>{_html(lesson.about)}"
    yield f"<h3>{t('The question')}</h3>{_html(lesson.question)}"
    guess = t("none predicted")
    if done.guess is not None and done.guess < len(lesson.options):
        guess = lesson.options[done.guess]
    yield f"<p>{t('My prediction: {answer}', answer=f'<b>{_html_line(guess)}</b>')}</p>"
    if done.answered:
        answer = _html_line(lesson.options[lesson.answer])
        yield f"<p>{t('The answer: {answer}', answer=f'<b>{answer}</b>')}</p>"
    told = iter(done.told)
    for title, part, explained in (
        (t("The experiment"), done.runs, True),
        (t("The repair"), done.repair, True),
        (t("My last try"), done.attempt, False),
    ):
        if part is None:
            continue
        yield f"<h3>{title}</h3>"
        if part.changed:
            yield f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in part.changed)}</ul>"
        yield curves_svg(part.drawing) + small_print(part.drawing)
        if explained:
            yield _html(next(told, ""))
    if done.attempts or done.attempt:
        yield f"<h3>{t('The exercise')}</h3>{_html(lesson.exercise.task)}"
        outcome = f"<b>{t('Solved.')}</b>" if done.solved else t("Not solved yet.")
        yield f"<p>{t('Tries: {count}.', count=done.attempts)} {outcome}</p>"


def small_print(drawing: Drawing) -> str:
    """Return as HTML what the lines of a picture are."""
    words = [t("Solid: training rows.")]
    if any(curve.validation for curve in drawing.curves):
        words.append(t("Dashed: rows held out."))
    if drawing.baseline is not None:
        words.append(t("Dotted: the loss of always guessing the same."))
    if drawing.seeds > 1:
        words.append(t("Each line is the median of {seeds} seeds, the band spans them.", seeds=drawing.seeds))
    return f'<p class="small">{" ".join(words)}</p>'


def _html(text: str) -> str:
    """Return Markdown of the lessons as HTML: paragraphs, bold and italic words; all else is text."""
    return "".join(f"<p>{_html_line(part)}</p>" for part in re.split(r"\n\s*\n", text.strip()) if part)


def _html_line(text: str) -> str:
    plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", text)
    bold = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", escape(plain), flags=re.DOTALL)
    return re.sub(r"(?<!\w)\*(.+?)\*(?!\w)", r"<i>\1</i>", bold, flags=re.DOTALL)
