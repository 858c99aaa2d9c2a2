"""Starts the server: Streamlit's pages, our own routes, and the lab's trainers for as long as the process lives."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final, NoReturn

import streamlit as st
from anyio import create_task_group, sleep, to_thread
from starlette.middleware import Middleware
from streamlit import config

from core.collector import ROUNDS, keep_what_lives
from core.errors import InputRefused, WorkFailed
from core.jobs.lab import Lab, get_lab
from core.settings import load_settings
from core.ui.door import Door, check_address
from core.ui.people.provider import check_providers
from core.ui.people.proxy import FromProxy, believe_the_proxy
from core.ui.routes import make_routes
from core.ui.trouble import say
from core.ui.unclaimed import Unclaimed

_LOOK_SECONDS: Final = 30.0

log = logging.getLogger(__name__)


@asynccontextmanager
async def _lifespan(_app: st.App) -> AsyncIterator[None]:
    try:
        lab = await _started()
    except (InputRefused, WorkFailed) as trouble:
        _leave(trouble)
    _run_example(lab)
    _settle()
    try:
        async with create_task_group() as tasks:
            tasks.start_soon(_keep_example, lab)
            yield
            tasks.cancel_scope.cancel()
    finally:
        await to_thread.run_sync(lab.stop)


def _run_example(lab: Lab) -> None:
    """Run what the start page shows, unless it was run already."""
    from core.ui.lab.state import EXAMPLE, EXAMPLE_KEY

    with suppress(InputRefused, WorkFailed):  # a full queue or disk is no reason not to start
        if lab.store.find(EXAMPLE_KEY) is None:
            lab.store.submit(EXAMPLE, key=EXAMPLE_KEY)


async def _keep_example(lab: Lab) -> None:
    """Run it again where somebody has deleted it, or time has."""
    while True:
        await sleep(_LOOK_SECONDS)
        try:
            await to_thread.run_sync(_run_example, lab)
        except Exception:  # the server is not to end with it
            log.exception("the example could not be looked for")


async def _started() -> Lab:
    from core.lessons import BASICS
    from core.ui.lab.state import EXAMPLE

    check_address(load_settings())
    check_providers(load_settings())
    lab = get_lab()
    believe_the_proxy(lab.settings)
    config.set_option("server.maxUploadSize", lab.settings.max_upload_mb)
    likely = [EXAMPLE, *(lesson.spec for lesson in BASICS)]
    await to_thread.run_sync(lambda: lab.start(warm=likely))
    return lab


def _leave(trouble: InputRefused | WorkFailed) -> NoReturn:
    """Say why the lab does not start, and end: an exception would be told with its traceback, and nothing runs yet."""
    sys.stderr.write(f"{trouble}\n")
    sys.stderr.flush()
    os._exit(2 if isinstance(trouble, InputRefused) else 1)


def _settle() -> None:
    """Import what the first page needs, then take all of it out of the garbage collector's rounds."""
    import pandas  # noqa: F401
    import pyarrow  # noqa: F401

    import core.data.source  # noqa: F401
    from core.data.upload.upload import warm
    from core.jobs.memory import keep_little

    keep_little()
    warm()
    keep_what_lives()
    ROUNDS.start()


app = st.App(
    str(Path(__file__).parent / "core" / "ui" / "router.py"),
    lifespan=_lifespan,
    middleware=[
        Middleware(Door, settings=lambda: get_lab().settings),
        Middleware(FromProxy, settings=lambda: get_lab().settings),
        Middleware(Unclaimed),
    ],
    on_script_error=say,
    routes=make_routes(get_lab, st.get_option("server.baseUrlPath") or ""),
)
