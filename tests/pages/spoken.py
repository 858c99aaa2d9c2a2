"""What a page says to a person in one language, to be compared with what it says in another."""

import re

from streamlit.testing.v1 import AppTest

from .conftest import ROUTER

_TWO_WORDS = re.compile(r"[^\W\d_]{2,}.*\s[^\W\d_]{2,}")
_TAG = re.compile(r"<(style|script)\b.*?</\1>|<[^>]*>", re.DOTALL)
_HEARD = re.compile(r'(?:aria-label|alt|title)="([^"]*)"')
_COMPONENT = "bidi_component"  # its words come from a table that is compared with the script


def opened_in(language, path, **address):
    """Open a page of the app in a new tab that asks for a language."""
    app = AppTest.from_file(str(ROUTER), default_timeout=60)
    app.query_params["lang"] = language
    app.run()
    app.query_params.update(address)
    app.switch_page(f"../../pages/{path}.py").run()
    assert not app.exception
    return app


def _strings(message):
    for _, value in message.ListFields():
        for item in [value] if isinstance(value, str) or not hasattr(value, "__iter__") else list(value):
            if isinstance(item, str):
                yield item
            elif hasattr(item, "ListFields"):
                yield from _strings(item)


def lines(app):
    """Return what is seen and heard of a page, in pieces: labels, help, placeholders, and texts between two tags."""
    nodes = [node for node in app._tree if getattr(node, "type", "") != _COMPONENT]
    texts = [text for node in nodes if getattr(node, "proto", None) for text in _strings(node.proto)]
    texts = [text for text in texts if not text.startswith('{"')]  # how a table is set up
    heard = [label for text in texts for label in _HEARD.findall(text)]
    pieces = [piece for text in texts for piece in _TAG.sub("\n", text).splitlines()]
    return {piece.strip(" *.:") for piece in (*pieces, *heard)}


def untranslated(path, **address):
    """Return what has two words or more on a page and is the same in English and in German."""
    return shared(*(opened_in(language, path, **address) for language in ("en", "de")))


def shared(english, german):
    """Return what has two words or more on a page and is the same on another."""
    return {piece for piece in lines(english) & lines(german) if _TWO_WORDS.search(piece)}
