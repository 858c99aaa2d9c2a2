"""The door of the server: who is let in, by address, host and origin, and the headers every answer goes out with.

It is ASGI middleware around pages, uploads, websocket and our own routes alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from ipaddress import ip_address
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config

from core.errors import InputRefused
from core.settings import Settings, SignIn

_HERE: Final = ("localhost", "127.0.0.1", "::1")
_EVERYWHERE: Final = ("", "0.0.0.0", "::")  # noqa: S104 - what is not to be taken for a name
_HOST: Final = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9_.\-]+)(:[0-9]{1,5})?", re.IGNORECASE)
_FORBIDDEN: Final = 403
_CONTENT: Final = (
    "default-src 'self'",
    "script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval' blob:",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "worker-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
)
"""What a page may load: its own scripts, and those Streamlit writes into it; nothing from elsewhere.

Streamlit reads its messages with WebAssembly, makes a blob of a component's script and writes scripts of `st.html` into
the page. What is evaluated from text is refused.
"""


def check_address(settings: Settings) -> None:
    """Refuse to listen where others can reach the lab, unless the operator says so."""
    address = config.get_option("server.address") or ""
    if settings.for_others or _local(address):
        return
    if settings.sign_in == SignIn.HEADER:
        raise InputRefused(
            f"Whoever reaches {address or 'this machine'} could say to be anybody, so the lab is not started; set "
            "LOSSLAB_PROXY_SECRET, which the proxy then sends as X-Losslab-Secret, or listen on 127.0.0.1.",
            "LOSSLAB_PROXY_SECRET",
        )
    raise InputRefused(
        f"Whoever reaches {address or 'this machine'} could use the lab without signing in, so it is not started; "
        "set LOSSLAB_PUBLIC=yes if that is meant, or listen on 127.0.0.1.",
        "LOSSLAB_PUBLIC",
    )


def _local(address: str) -> bool:
    try:
        return address == "localhost" or address.startswith("unix://") or ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return False


class Door:
    """Lets in who comes by a known name, from a page of the lab itself; refuses the others in one sentence.

    A web site can have its visitors' browsers send requests to a lab on their own machine, under a name of its own
    (DNS rebinding) or from its own pages; `Host` and `Origin` tell. Streamlit is not asked about origins: to judge a
    foreign one it would ask the internet for its own address.

    Parameters
    ----------
    app : ASGIApp
        What is behind the door.
    settings : callable
        Gives the operator's settings; asked at each request, so that importing the app reads none.
    """

    def __init__(self, app: ASGIApp, settings: Callable[[], Settings]) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer or hand on."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        settings = self._settings()

        async def answer(message: Message) -> None:
            if message["type"] in {"http.response.start", "websocket.http.response.start"}:
                headers = MutableHeaders(scope=message)
                for name, value in _headers(settings).items():
                    headers.setdefault(name, value)
            await send(message)

        if refusal := _refusal(scope, settings):
            await PlainTextResponse(refusal, _FORBIDDEN)(scope, receive, answer)
            return
        if scope["type"] == "websocket":
            scope = {**scope, "headers": _as_own(scope, settings)}
        await self._app(scope, receive, answer)


def _refusal(scope: Scope, settings: Settings) -> str:
    """Return why a request is not let in, in one sentence; nothing if it is."""
    server = scope.get("server")
    if server and server[1] is not None and not (settings.for_others or _local(server[0])):
        return "This lab is open to its own machine only; its operator can open it with LOSSLAB_PUBLIC=yes."
    headers = Headers(scope=scope)
    host, origin = headers.get("host", ""), headers.get("origin")
    name = _name(host)
    if not _known(name, (*_HERE, *_named(settings))):
        return f"This lab is not called {name or 'that'}; its operator can name its hosts in LOSSLAB_HOSTS."
    if origin is None or origin in config.get_option("server.corsAllowedOrigins"):
        return ""
    scheme, _, place = origin.partition("://")
    # Behind a proxy that changes the host, the origin is one of the names that were set; all names are no site's own.
    named = [pattern for pattern in _named(settings) if pattern.strip() != "*"]
    if scheme in {"http", "https"} and (place.lower() == host.lower() or _known(_name(place), named)):
        return ""
    return "This lab answers its own pages only; its operator can name its hosts in LOSSLAB_HOSTS."


def _as_own(scope: Scope, settings: Settings) -> list[tuple[bytes, bytes]]:
    """Return the headers of a websocket that was let in such that Streamlit takes it for one of the lab's own pages.

    Without an origin it asks no more; but where people sign in it reads their cookie for the origin alone that has set
    it. Then the host is the one the browser knows, whatever a proxy has made of it.
    """
    origin = Headers(scope=scope).get("origin", "")
    if settings.sign_in != SignIn.OIDC or not origin:
        return [header for header in scope["headers"] if header[0] != b"origin"]
    place = origin.partition("://")[2].encode("latin-1")
    return [*(header for header in scope["headers"] if header[0] != b"host"), (b"host", place)]


def _name(host: str) -> str:
    """Return the name or number in a host, without its port; empty for what is none."""
    found = _HOST.fullmatch(host)
    return found[1].strip("[]").lower().rstrip(".") if found else ""


def _named(settings: Settings) -> tuple[str, ...]:
    """Return the names an operator has given the lab, here or in Streamlit's own settings."""
    given = (config.get_option("server.address"), config.get_option("browser.serverAddress"))
    places = [name for name in given if not (name in {None, *_EVERYWHERE, *_HERE} or name.startswith("unix://"))]
    return (*settings.host_names, *config.get_option("server.allowedHosts"), *places)


def _known(name: str, patterns: Iterable[str]) -> bool:
    for pattern in patterns:
        known = pattern.strip().strip("[]").lower().rstrip(".")
        if name and (known in {"*", name} or (known.startswith("*.") and name.endswith(known[1:]))):
            return True
    return False


def _headers(settings: Settings) -> dict[str, str]:
    ancestors = " ".join(settings.embedding_sites) or "'none'"
    return {
        "Content-Security-Policy": "; ".join((*_CONTENT, f"frame-ancestors {ancestors}")),
        "X-Content-Type-Options": "nosniff",
        # An address can hold the key to a class.
        "Referrer-Policy": "same-origin",
    }
