"""What was uploaded and no page has taken yet: bounded, since Streamlit keeps all of it until a session ends."""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.runtime import get_instance
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

MOST_FILES: Final = 2
"""Of one session: a page takes a file as soon as it is here, so a third has been sent by something else."""
MOST_BYTES: Final = 160 * 2**20
"""Of all sessions."""
_UPLOAD: Final = re.compile(r"/_stcore/upload_file/([^/]+)/([^/]+)$")


class Unclaimed:
    """ASGI middleware: when an upload has come, it lets go of the oldest ones beyond `MOST_FILES` and `MOST_BYTES`.

    Parameters
    ----------
    app : ASGIApp
        What takes uploads.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._arrived: OrderedDict[tuple[str, str], None] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on; look at what is kept before a new upload is told to be here."""
        found = _UPLOAD.search(scope["path"]) if scope["type"] == "http" and scope["method"] == "PUT" else None
        if found is None:
            await self._app(scope, receive, send)
            return

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._bound(found[1], found[2])
            await send(message)

        await self._app(scope, receive, answer)

    def _bound(self, session: str, file: str) -> None:
        manager = get_instance().uploaded_file_mgr
        if not isinstance(manager, MemoryUploadedFileManager):
            return
        self._arrived[session, file] = None
        self._arrived.move_to_end((session, file))
        sizes = {one: len(kept[0].data) for one in self._arrived if (kept := manager.get_files(one[0], [one[1]]))}
        self._arrived = OrderedDict.fromkeys(sizes)
        mine = [one for one in sizes if one[0] == session]
        for one in mine[:-MOST_FILES]:
            self._drop(manager, one, sizes)
        for one in list(sizes)[:-1]:  # the newest stays, whatever its size
            if sum(sizes.values()) <= MOST_BYTES:
                return
            self._drop(manager, one, sizes)

    def _drop(
        self, manager: MemoryUploadedFileManager, one: tuple[str, str], sizes: dict[tuple[str, str], int]
    ) -> None:
        manager.remove_file(*one)
        del sizes[one], self._arrived[one]
