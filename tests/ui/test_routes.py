"""Our own HTTP routes."""

import gzip
from dataclasses import replace
from typing import Any, cast

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core.errors import InputRefused
from core.jobs.storage.frames import PictureNews, ToldFrame
from core.jobs.storage.records import Block, News, Stretch
from core.settings import Settings
from core.ui.routes import PLOTLY_URL, make_routes

NEWS = News(
    cursor=7,
    finished=False,
    ahead=2,
    runs=(
        {
            "id": 1,
            "state": "done",
            "final": {"skill": 0.5, "baseline": {"loss": 1.0}, "telemetry": {"big": [1] * 999, "weights_of_epoch": 7}},
        },
        {"id": 2, "state": "failed", "final": None, "error": "The trainer died twice (signal 9)."},
    ),
    points=(Stretch(1, 1, 3, {"loss": [0.1234567, None]}),),
    blocks=(Block(1, 1, '{"first":1025,"loss":{"epochs":[1025],"values":[0.5],"means":[0.5]}}'),),
)


class FakeLab:
    settings = Settings()
    problem = None

    def __init__(self):
        self.store = self

    def news(self, id, since=0):  # noqa: A002
        if id == "broken":
            raise ZeroDivisionError("secret of the machine")
        if id != "known":
            raise InputRefused("There is no such experiment; it may have been deleted.", "experiment")
        return replace(NEWS, cursor=since + 7)

    def pictures(self, id, runs, since=0):  # noqa: A002
        self.news(id)
        frames = tuple(ToldFrame(run, 1, 2.5, True, '{"epoch":2.5,"pictures":{}}') for run in runs)
        return PictureNews(since + 7, False, frames)

    def health(self):
        return {"dispatching": True, "problem": self.problem}


def client(base="") -> TestClient:
    return TestClient(Starlette(routes=make_routes(cast("Any", FakeLab), base)))


def test_points_carry_what_the_chart_draws_and_nothing_else():
    reply = client().get("/api/experiments/known/points?since=3")
    news = reply.json()
    assert (reply.status_code, news["cursor"], news["finished"], news["ahead"]) == (200, 10, False, 2)
    assert news["points"] == [{"run": 1, "attempt": 1, "first_epoch": 3, "history": {"loss": [0.1234567, None]}}]
    curve = {"epochs": [1025], "values": [0.5], "means": [0.5]}
    assert news["blocks"] == [{"run": 1, "attempt": 1, "block": {"first": 1025, "loss": curve}}]
    assert news["runs"][0]["final"] == {
        "baseline": {"loss": 1.0},
        "skill": 0.5,
        "val_skill": None,
        "weights_of_epoch": 7,
    }
    assert news["runs"][1]["final"] is None
    assert "telemetry" not in reply.text


def test_points_are_never_cached_or_sniffed():
    headers = client().get("/api/experiments/known/points").headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"


def test_an_unknown_experiment_is_404_with_a_sentence():
    reply = client().get("/api/experiments/other/points")
    assert reply.status_code == 404
    assert reply.json()["error"].startswith("There is no such experiment")


def test_a_browser_is_answered_in_the_language_it_asks_in():
    errors = {
        language: client().get(f"/api/experiments/other/points?lang={language}").json()["error"]
        for language in ("de", "en", "xx")
    }
    assert errors["de"].startswith("Dieses Experiment gibt es nicht")
    assert errors["en"] == errors["xx"] == "There is no such experiment; it may have been deleted."
    runs = client().get("/api/experiments/known/points?lang=de").json()["runs"]
    assert runs[1]["error"] == "Der Trainingsprozess brach zweimal ab (Signal 9)."


@pytest.mark.parametrize("since", ["-1", "1.5", "x", "", "9" * 40, "0" * 20 + "9" * 5000, "١"])
def test_a_cursor_that_is_no_whole_number_is_refused(since):
    reply = client().get("/api/experiments/known/points", params={"since": since})
    assert reply.status_code == 400
    assert reply.json()["error"].startswith("since:")


def test_our_own_failure_says_nothing_of_the_machine():
    reply = client().get("/api/experiments/broken/points")
    assert reply.status_code == 503
    assert "secret" not in reply.text


def test_health_tells_how_the_trainers_are():
    assert client().get("/api/health").json() == {"status": "ok", "dispatching": True, "problem": None}


def test_metrics_that_cannot_be_read_say_nothing_of_the_machine():
    reply = client().get("/api/metrics")
    assert (reply.status_code, reply.text) == (503, "")


def test_plotly_is_kept_by_the_browser_and_not_sent_twice():
    first = client().get("/" + PLOTLY_URL)
    assert first.headers["content-encoding"] == "gzip"
    assert "immutable" in first.headers["cache-control"]
    assert b"Plotly" in first.content
    again = client().get("/" + PLOTLY_URL, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_client_without_gzip_gets_plotly_plain():
    reply = client().get("/" + PLOTLY_URL, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in reply.headers
    assert reply.content[:2] != gzip.compress(b"")[:2]


def test_routes_live_under_the_base_path():
    based = client("/team/lab/")
    assert based.get("/team/lab/api/health").status_code == 200
    assert based.get("/api/health").status_code == 404


def test_the_start_page_answers_to_its_name():
    reply = client("team").get("/team/lab?x=abc", follow_redirects=False)
    assert (reply.status_code, reply.headers["location"]) == (307, "/team/?x=abc")


def test_pictures_are_told_of_the_runs_that_are_asked_for_and_no_others():
    reply = client().get("/api/experiments/known/pictures?runs=4,7&since=3")
    told = reply.json()
    assert (reply.status_code, told["cursor"], told["finished"]) == (200, 10, False)
    assert [frame["run"] for frame in told["frames"]] == [4, 7]
    assert told["frames"][0] == {"run": 4, "attempt": 1, "passing": True, "frame": {"epoch": 2.5, "pictures": {}}}
    assert reply.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("runs", ["", "x", "1,,2", "-1", "1,2,3,4,5,6,7", "1;DROP TABLE frame", "²", "9" * 40])
def test_nonsense_instead_of_runs_is_refused_in_a_sentence(runs):
    reply = client().get("/api/experiments/known/pictures", params={"runs": runs})
    assert reply.status_code == 400
    assert reply.json()["error"].startswith("runs: ")


def test_pictures_of_an_unknown_experiment_are_404_and_a_failure_says_nothing_of_the_machine():
    assert client().get("/api/experiments/other/pictures?runs=1").status_code == 404
    broken = client().get("/api/experiments/broken/pictures?runs=1")
    assert broken.status_code == 503
    assert "secret" not in broken.text
