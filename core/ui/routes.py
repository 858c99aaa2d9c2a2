"""Our own HTTP routes beside Streamlit's: points and pictures to poll, the lab's health and metrics, plotly.min.js."""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any, Final

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from core.errors import InputRefused
from core.jobs.lab import Lab
from core.jobs.storage.frames import MOST_RUNS, PictureNews
from core.jobs.storage.records import News
from core.ui.metrics import metrics
from core.ui.people.mine import is_known, store_for
from core.ui.sentences import translated
from core.ui.words import ADDRESS, ENGLISH, known_language, spoken_in

_LOGGER: Final = logging.getLogger(__name__)
_NOSNIFF: Final = {"X-Content-Type-Options": "nosniff"}
_RESULTS: Final = ("baseline", "skill", "val_skill")
_LARGEST_CURSOR: Final = 2**53


def _plotly() -> bytes:
    return (files("plotly") / "package_data" / "plotly.min.js").read_bytes()


PLOTLY_URL: Final = f"assets/plotly.min.js?v={hashlib.sha256(_plotly()).hexdigest()[:16]}"
"""Relative to any page; the hash lets a browser keep it for a year."""


@cache
def _plotly_gzipped() -> bytes:
    return gzip.compress(_plotly(), compresslevel=6, mtime=0)


def _json(body: dict[str, Any], status: int = 200) -> Response:
    return _response(_text(body), status)


def _text(body: dict[str, Any]) -> str:
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _response(text: str, status: int = 200) -> Response:
    return Response(text.encode(), status, _NOSNIFF | {"Cache-Control": "no-store"}, "application/json")


def _for_chart(news: News) -> str:
    """Return `news` as JSON without what the chart does not draw; blocks go as they were stored."""
    blocks = ",".join(f'{{"run":{block.run},"attempt":{block.attempt},"block":{block.text}}}' for block in news.blocks)
    body = {
        "cursor": news.cursor,
        "finished": news.finished,
        "ahead": news.ahead,
        "runs": list(map(_run_for_chart, news.runs)),
        "points": list(map(vars, news.points)),
    }
    return f'{_text(body)[:-1]},"blocks":[{blocks}]}}'


def _run_for_chart(run: dict[str, Any]) -> dict[str, Any]:
    error = run.get("error")
    return run | {"final": run["final"] and _result_for_chart(run["final"]), "error": error and translated(error)}


def _result_for_chart(final: dict[str, Any]) -> dict[str, Any]:
    judged = (final.get("telemetry") or {}).get("weights_of_epoch")
    return {name: final.get(name) for name in _RESULTS} | ({"weights_of_epoch": judged} if judged else {})


def _for_pictures(news: PictureNews) -> str:
    """Return `news` as JSON; frames go as they were stored."""
    frames = ",".join(
        f'{{"run":{frame.run},"attempt":{frame.attempt},"passing":{json.dumps(frame.passing)},"frame":{frame.text}}}'
        for frame in news.frames
    )
    return f'{_text({"cursor": news.cursor, "finished": news.finished})[:-1]},"frames":[{frames}]}}'


def _cursor(text: str) -> int:
    if not _whole(text):
        raise InputRefused("since: a whole number is needed, allowed: 0 or the last cursor.", "since")
    return int(text)


def _chosen_runs(text: str) -> list[int]:
    numbers = text.split(",")
    if len(numbers) > MOST_RUNS or not all(map(_whole, numbers)):
        raise InputRefused(f"runs: numbers of runs are needed, allowed: at most {MOST_RUNS}, such as 1,2.", "runs")
    return list(map(int, numbers))


def _whole(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 16 and int(text) <= _LARGEST_CURSOR


async def _plotly_asset(request: Request) -> Response:
    headers = _NOSNIFF | {
        "Cache-Control": "public, max-age=31536000, immutable",
        "ETag": f'"{PLOTLY_URL.partition("=")[2]}"',
        "Vary": "Accept-Encoding",
    }
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(_plotly(), headers=headers, media_type="text/javascript")
    body = await run_in_threadpool(_plotly_gzipped)
    return Response(body, headers=headers | {"Content-Encoding": "gzip"}, media_type="text/javascript")


async def _answered(request: Request, read: Callable[[], str]) -> Response:
    """Return what `read` says of an experiment; what an unknown or unreadable one is answered with."""
    with spoken_in(known_language(request.query_params.get(ADDRESS)) or ENGLISH):
        try:
            return await run_in_threadpool(lambda: _response(read()))
        except InputRefused as refusal:
            return _json({"error": translated(str(refusal))}, 404)
        except Exception:
            _LOGGER.exception("an experiment could not be read")
            return _json({"error": "The lab could not read this experiment just now."}, 503)


async def _start_page(request: Request) -> Response:
    """Streamlit serves the start page at the root alone; people type its name too."""
    return RedirectResponse(f"{request.url.path.removesuffix('lab')}?{request.url.query}".rstrip("?"))


def _for_prometheus(request: Request, lab: Lab) -> Response:
    if not is_known(request, lab):
        return Response(status_code=403, headers=_NOSNIFF)
    return Response(metrics(lab), headers=_NOSNIFF, media_type=CONTENT_TYPE_LATEST)


def make_routes(lab: Callable[[], Lab], base: str = "") -> list[Route]:
    """Return the routes, under the base path the app is served from.

    Parameters
    ----------
    lab : callable
        Gives the lab; asked at each request, so that importing the app opens nothing.
    base : str
        Streamlit's ``server.baseUrlPath``, with or without slashes.
    """

    async def points(request: Request) -> Response:
        try:
            since = _cursor(request.query_params.get("since", "0"))
        except InputRefused as refusal:
            return _json({"error": str(refusal)}, 400)
        experiment = request.path_params["experiment"]
        return await _answered(request, lambda: _for_chart(store_for(request, lab()).news(experiment, since)))

    async def pictures(request: Request) -> Response:
        try:
            since = _cursor(request.query_params.get("since", "0"))
            runs = _chosen_runs(request.query_params.get("runs", ""))
        except InputRefused as refusal:
            return _json({"error": str(refusal)}, 400)
        experiment = request.path_params["experiment"]
        return await _answered(
            request, lambda: _for_pictures(store_for(request, lab()).pictures(experiment, runs, since))
        )

    async def health(request: Request) -> Response:
        try:
            known, state = await run_in_threadpool(lambda: (is_known(request, lab()), lab().health()))
        except Exception:
            _LOGGER.exception("health check failed")
            return _json({"status": "unavailable"}, 503)
        return _json({"status": "degraded" if state.get("problem") else "ok", **(state if known else {})})

    async def told_to_prometheus(request: Request) -> Response:
        try:
            return await run_in_threadpool(lambda: _for_prometheus(request, lab()))
        except Exception:
            _LOGGER.exception("the metrics could not be read")
            return Response(status_code=503)

    prefix = f"/{base.strip('/')}" if base.strip("/") else ""

    return [
        Route(f"{prefix}/lab", _start_page),
        Route(f"{prefix}/api/experiments/{{experiment}}/points", points),
        Route(f"{prefix}/api/experiments/{{experiment}}/pictures", pictures),
        Route(f"{prefix}/api/health", health),
        Route(f"{prefix}/api/metrics", told_to_prometheus),
        Route(f"{prefix}/assets/plotly.min.js", _plotly_asset),
    ]
