"""A browser tab without the browser: it speaks Streamlit's websocket protocol, so that many fit on two cores.

It gets what a browser would get, answers what a browser would answer, and draws nothing.
"""

from __future__ import annotations

import asyncio
import json
import time
import urllib.request
from collections.abc import Callable
from typing import Any, Final, Self
from urllib.parse import parse_qs, urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect

from core.errors import WorkFailed

_LARGEST: Final = 2**26
_PATIENCE: Final = 300.0
_POLL_SECONDS: Final = 0.3


class Tab:
    """One page of the app, opened by `open`.

    Attributes
    ----------
    seconds : list of (str, float)
        How long each answer took: what was done, and from then until the page was whole.
    """

    def __init__(self, server: str, socket: ClientConnection) -> None:
        self._server, self._socket = server, socket
        self._elements: dict[tuple[int, ...], Any] = {}
        self._states: dict[str, WidgetState] = {}
        self._page = ""
        self._fragments: dict[str, float] = {}
        self._ticking = False
        self.query = ""
        self.seconds: list[tuple[str, float]] = []

    @classmethod
    async def open(cls, server: str, path: str, **address: str) -> Self:
        """Open a page: its document, then its first script run."""
        begin = time.perf_counter()
        query = urlencode(address)
        await asyncio.to_thread(_get, f"{server}/{path}?{query}")
        stream = server.replace("http", "ws", 1) + "/_stcore/stream"
        socket = await connect(stream, subprotocols=["streamlit"], max_size=_LARGEST, open_timeout=_PATIENCE)  # type: ignore[list-item]
        tab = cls(server, socket)
        tab.query = query
        await tab._run(f"open {path}", begin=begin, page_name=path)
        return tab

    async def go(self, path: str, **address: str) -> None:
        """Go to another page."""
        self._page, self._states, self.query = "", {}, urlencode(address)
        await self._run(f"go to {path}", page_name=path)

    async def ping(self) -> float:
        """Return the seconds that the server takes to answer a ping."""
        return await (await self._socket.ping())

    async def close(self) -> None:
        """Close the tab."""
        await self._socket.close()

    def parameter(self, name: str) -> str:
        """Return what the address says under a name, or nothing."""
        return parse_qs(self.query).get(name, [""])[0]

    def text(self) -> str:
        """Return the Markdown and HTML on the page."""
        kinds = {"markdown", "html", "alert", "heading"}
        found = [(element, element.WhichOneof("type")) for element in self._elements.values()]
        return "\n".join(getattr(getattr(e, kind), "body", "") for e, kind in found if kind in kinds)

    def code(self) -> str:
        """Return the code of the class on the page."""
        return self.text().partition('class="cr-code"')[2].partition(">")[2].partition("<")[0]

    async def tick(self) -> None:
        """Run the fragments of the page that ask for it at intervals, once."""
        for fragment in tuple(self._fragments):
            await self._run("tick", fragment=fragment)

    async def press(self, label: str) -> None:
        """Press the button with this label."""
        button = self._find("button", lambda button: str(button.label) == label)
        await self._run(f"press {label}", WidgetState(id=button.id, trigger_value=True))

    async def choose(self, place: int) -> None:
        """Choose an option of the one question on the page."""
        radio = self._find("radio", lambda _: True)
        await self._run("choose", WidgetState(id=radio.id, string_value=radio.options[place]))

    async def look(self) -> None:
        """Run the page once more, as the chart does at the end of the last run."""
        await self._run("look")

    async def until_trained(self, name: str) -> None:
        """Poll the experiment that the address has under `name`, as the live chart does, then look."""
        points = f"{self._server}/api/experiments/{self.parameter(name)}/points?since="
        cursor, deadline = 0, time.monotonic() + _PATIENCE
        while True:
            news = json.loads(await asyncio.to_thread(_get, f"{points}{cursor}"))
            cursor = news["cursor"]
            if news["finished"]:
                break
            if time.monotonic() > deadline:
                raise WorkFailed("a run did not end")
            await asyncio.sleep(_POLL_SECONDS)
        await self.look()

    def _find(self, kind: str, fits: Callable[[Any], bool]) -> Any:
        for element in self._elements.values():
            if element.WhichOneof("type") == kind and fits(getattr(element, kind)):
                return getattr(element, kind)
        raise WorkFailed(f"there is no such {kind} on the page: {self.text()[:300]}")

    async def _run(
        self, what: str, *changed: WidgetState, begin: float | None = None, page_name: str = "", fragment: str = ""
    ) -> None:
        """Send what has changed and take what comes until the page is whole."""
        begin, self._ticking = begin or time.perf_counter(), bool(fragment)
        message = BackMsg()
        client = message.rerun_script
        client.query_string, client.page_script_hash, client.page_name = self.query, self._page, page_name
        client.fragment_id, client.is_auto_rerun = fragment, bool(fragment)
        for state in changed:
            if state.WhichOneof("value") != "trigger_value":
                self._states[state.id] = state
        first = filter(None, map(_first_state, self._elements.values()))
        shown = {state.id: state for state in first}
        sent = shown | self._states | {state.id: state for state in changed}
        client.widget_states.widgets.extend(sent.values())
        await self._socket.send(message.SerializeToString())
        async with asyncio.timeout(_PATIENCE):
            while not self._take(ForwardMsg.FromString(await self._socket.recv(decode=False))):
                pass
        self.seconds.append((what, time.perf_counter() - begin))

    def _take(self, news: ForwardMsg) -> bool:
        """Note a message; return whether it ends a script run."""
        match news.WhichOneof("type"):
            case "navigation":
                self._page = news.navigation.page_script_hash
            case "new_session":
                if not self._ticking:
                    self._elements, self._fragments = {}, {}
            case "auto_rerun":
                self._fragments[news.auto_rerun.fragment_id] = news.auto_rerun.interval
            case "page_info_changed":
                self.query = news.page_info_changed.query_string
            case "delta" if news.delta.WhichOneof("type") == "new_element":
                element = news.delta.new_element
                if element.WhichOneof("type") == "exception":
                    raise WorkFailed(f"the page shows an exception: {element.exception.message[:300]}")
                self._elements[tuple(news.metadata.delta_path)] = element
            case "script_finished":
                return news.script_finished in {
                    ForwardMsg.FINISHED_SUCCESSFULLY,
                    ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY,
                }
        return False


def _first_state(element: Any) -> WidgetState | None:
    """Return what a browser says of a widget nobody has touched."""
    kind = element.WhichOneof("type")
    widget: Any = getattr(element, kind or "empty")
    match kind:
        case "text_input":
            return WidgetState(id=widget.id, string_value=widget.default)
        case "checkbox":
            return WidgetState(id=widget.id, bool_value=widget.default)
        case "multiselect":
            state = WidgetState(id=widget.id)
            state.string_array_value.data.extend(widget.options[place] for place in widget.default)
            return state
        case "button_group":
            state = WidgetState(id=widget.id)
            state.string_array_value.data.extend(widget.options[place].content for place in widget.default)
            return state
    return None


def _get(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=_PATIENCE) as answer:  # noqa: S310 - a loopback address
        return bytes(answer.read())
