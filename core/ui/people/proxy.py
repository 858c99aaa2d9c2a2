"""The header in which a proxy says who somebody is: believed of the proxy, and of nobody else."""

from __future__ import annotations

from collections.abc import Callable
from hmac import compare_digest
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import config

from core.settings import Settings, SignIn

PROOF: Final = "X-Losslab-Secret"
"""The header with which the proxy proves to be the proxy."""

_Headers = list[tuple[bytes, bytes]]


class FromProxy:
    """ASGI middleware: takes the header out of requests that do not come from the proxy, and the proof out of all.

    Where a secret is set, the proxy is who knows it. Where none is, the lab listens on this machine alone
    (`core.ui.door.check_address`), and whoever is on it is believed. A header that is there twice is believed in
    neither copy: then the proxy has added its own to one that it should have replaced.
    """

    def __init__(self, app: ASGIApp, settings: Callable[[], Settings]) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on without what is not to be believed."""
        if scope["type"] in {"http", "websocket"}:
            settings = self._settings()
            if settings.sign_in == SignIn.HEADER:
                scope = {**scope, "headers": _believed(scope["headers"], settings)}
        await self._app(scope, receive, send)


def _believed(headers: _Headers, settings: Settings) -> _Headers:
    name, proof = (header.lower().encode() for header in (settings.person_header, PROOF))
    proofs = [value for header, value in headers if header.lower() == proof]
    proven = len(proofs) == 1 and compare_digest(proofs[0], settings.proxy_secret.encode())
    said = [header for header, _ in headers if header.lower() == name]
    believed = len(said) == 1 and (proven or not settings.proxy_secret)
    hidden = {proof} if believed else {proof, name}
    return [header for header in headers if header[0].lower() not in hidden]


def believe_the_proxy(settings: Settings) -> None:
    """Have Streamlit keep the header with the session: whoever says to be somebody else gets no session of theirs."""
    if settings.sign_in == SignIn.HEADER:
        config.set_option("server.trustedUserHeaders", {settings.person_header: "email"})
