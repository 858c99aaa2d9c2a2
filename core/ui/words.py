"""The words of the app in the reader's language, and numbers as that language writes them.

A message is written in English where it is said and is its own id; `locale/LANGUAGE.po` has it in another language.
One that is missing there is said in English.
"""

from __future__ import annotations

import gettext
import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any, Final, overload

import streamlit as st
from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_percent, get_decimal_symbol, get_group_symbol
from streamlit.runtime.scriptrunner import get_script_run_ctx

LOCALES: Final = Path(__file__).parent / "locale"
Messages = Mapping[str, str | tuple[str, str]]
"""Name → a message, or how it is said of one and of many."""

SPEAKER: Final = Path(__file__).with_name("words.js")
"""The script that says in the browser what `for_browser` has told it; it comes first in a component's own."""
ENGLISH: Final = "en"
LANGUAGES: Final[Mapping[str, str]] = {
    code: Locale.parse(code).get_display_name() or code
    for code in (ENGLISH, *sorted(path.stem for path in LOCALES.glob("*.po")))
}
"""Code of each language → what it calls itself."""

_SPOKEN: Final[ContextVar[str]] = ContextVar("spoken", default="")
_CHOSEN: Final = "language"
_KEEP: Final = "language_keep"
_CAME: Final = "language_came"
_TURN: Final = "language_turn"
ADDRESS: Final = "lang"
"""Of the parameter in the address, and of the cookie."""
_REPLACE: Final = """/* {turn} */ {{
  const address = new URL(location.href);
  address.searchParams.set("{name}", "{code}");
  if (address.href !== location.href) history.replaceState(history.state, "", address);
}}"""
_CAPITALS: Final = frozenset({"de"})
"""Languages that write nouns with a capital."""
_YEAR_SECONDS: Final = 365 * 24 * 3600


def t(message: str, /, **values: Any) -> str:
    """Return `message` in the reader's language, with `values` in place of its ``{names}``.

    Whole numbers are written as the language writes them. A value is put in last and as it is: what a user wrote is
    neither translated nor searched for names, but has to be made inert first where Markdown shows it.
    """
    said = _catalogue(language()).gettext(message) if message else ""  # gettext's "" is the head of the catalogue
    return _filled(said, values) if values else said


def tn(one: str, many: str, count: int, /, **values: Any) -> str:
    """Return one of two messages by `count`, which is also the value of ``{count}``."""
    return _filled(_catalogue(language()).ngettext(one, many, count), {"count": count, **values})


@overload
def later(message: str, /) -> str: ...
@overload
def later(message: str, many: str, /) -> tuple[str, str]: ...
def later(message: str, many: str = "", /) -> str | tuple[str, str]:
    """Return a message, or how it is said of one and of many, as it is.

    A constant that `t`, `tn` or `for_browser` will say when it is shown, for whoever reads it then.
    """
    return (message, many) if many else message


def for_browser(messages: Messages) -> dict[str, Any]:
    """Return messages, by their names in a script, as `words.js` takes them: all that the reader's language needs."""
    code = language()
    told = {name: t(said) if isinstance(said, str) else _forms(code, *said) for name, said in messages.items()}
    return {"language": code, "separators": separators(), "messages": told}


@cache
def _forms(code: str, one: str, many: str) -> dict[str, str]:
    """Return a message in every form that a language has for a count, by the name that browsers have for it."""
    form = Locale.parse(code).plural_form
    return {form(count): _catalogue(code).ngettext(one, many, count) for count in range(200)}


def inside(label: str) -> str:
    """Return a translated `label` as it stands inside a sentence; German nouns keep their capital."""
    return label if language() in _CAPITALS else label.lower()


def _filled(said: str, values: Mapping[str, Any]) -> str:
    return said.format(**{name: number(value) if type(value) is int else value for name, value in values.items()})


def number(value: float, style: str = ",") -> str:
    """Return `value` in a format of Python's, with the reader's separators and a true minus: ``1,234.5``, ``−3%``."""
    return format(value, style).translate(signs(language()))


def written(text: str) -> str:
    """Return a number that is written as in English, ``4,710`` or ``0.693``, with the reader's separators."""
    return text.translate(str.maketrans(",.", separators()[::-1]))


def separators() -> str:
    """Return the decimal separator and that of thousands, as Plotly wants them: ``.,``."""
    return get_decimal_symbol(language()) + get_group_symbol(language())


@cache
def signs(code: str) -> dict[int, str]:
    """Return how a language writes the signs of a number that Python has written, for `str.translate`."""
    percent = format_percent(0, locale=code).partition("0")[2]
    return str.maketrans({",": get_group_symbol(code), ".": get_decimal_symbol(code), "%": percent or "%", "-": "−"})


@cache
def _catalogue(code: str) -> gettext.NullTranslations:
    """Read the catalogue of a language, once per process; English is what stands in the code."""
    if code == ENGLISH:
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    with (LOCALES / f"{code}.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=code))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def language() -> str:
    """Return the reader's language: chosen, of the address, kept from an earlier visit, the browser's; else English."""
    if spoken := _SPOKEN.get():
        return spoken
    if get_script_run_ctx(suppress_warning=True) is None:  # nobody reads
        return ENGLISH
    chosen = st.session_state.get(_CHOSEN)
    return str(chosen) if chosen in LANGUAGES else _wanted()


@contextmanager
def spoken_in(code: str) -> Iterator[None]:
    """Say everything in a language, in a thread that has no session to tell whose it is."""
    before = _SPOKEN.set(code)
    try:
        yield
    finally:
        _SPOKEN.reset(before)


def _wanted() -> str:
    wishes = (st.query_params.get(ADDRESS), st.context.cookies.get(ADDRESS), st.context.locale)
    return next(filter(None, map(known_language, wishes)), ENGLISH)


def known_language(wish: str | None) -> str:
    """Return the code of a language that is spoken here; nothing for any other."""
    code = (wish or "").replace("_", "-").partition("-")[0].lower()
    return code if code in LANGUAGES else ""


def settle_language() -> None:
    """Decide on the language when a session begins: its pages have other addresses.

    Whoever came with a language in the address has it in every address, so that a link that is copied keeps it.
    """
    st.session_state[_CHOSEN] = language()
    if known_language(st.query_params.get(ADDRESS)):
        st.session_state[_CAME] = True


def in_address() -> dict[str, str]:
    """Return what every address has of the language: its code for whoever came with one in the address."""
    return {ADDRESS: language()} if st.session_state.get(_CAME) else {}


def language_choice(beside: Callable[[], object] = lambda: None) -> None:
    """Draw the choice of a language, which the browser keeps, and tell the browser the language of the page.

    `beside` draws what else stands at the foot of every page, before it.
    """
    script = f'document.documentElement.lang = "{language()}";'
    if st.session_state.get(_KEEP):
        script += f'document.cookie = "{ADDRESS}={language()};path=/;max-age={_YEAR_SECONDS};SameSite=Lax";'
    with st.container(
        horizontal=True, horizontal_alignment="right", vertical_alignment="center", key="language_choice"
    ):
        beside()
        st.html(
            f"<script>{script}{_put_into_address()}</script>",
            width="content",
            unsafe_allow_javascript=True,
        )
        st.selectbox(
            t("Language"),
            list(LANGUAGES),
            key=_CHOSEN,
            format_func=LANGUAGES.__getitem__,
            label_visibility="collapsed",
            width=130,
            on_change=st.session_state.update,
            args=({_KEEP: True},),
            persist_state="session",
        )


def _put_into_address() -> str:
    """Return the script that writes the language into an address that has lost it.

    The browser replaces the address: a parameter that is set here would be a page of its own on the way back.
    """
    if not (wanted := in_address()):
        return ""
    if st.query_params.get(ADDRESS) != language():  # a script runs again only where it has changed
        st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1
    return _REPLACE.format(turn=st.session_state.get(_TURN, 0), name=ADDRESS, code=wanted[ADDRESS])
