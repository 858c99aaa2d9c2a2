"""Two web processes on one data folder, as behind a proxy: either serves what was asked of the other."""

import asyncio
import json

import pytest

from benchmarks.app import get, served, wait_for
from benchmarks.classroom import LESSON, at_rest
from benchmarks.tab import Tab
from core.settings import Settings

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
def servers(tmp_path):
    """Addresses: that of the process that leads, and that of one that waits."""
    settings = Settings(data=tmp_path)
    with served(settings) as (_, leading), served(settings) as (_, waiting):
        wait_for(lambda: at_rest(leading))
        assert [leader(leading), leader(waiting)] == ["this process", "another process"]
        yield leading, waiting


def leader(server):
    return json.loads(get(f"{server}/api/health"))["leader"]


def drawn(tab, experiment):
    """Which kinds of elements of a page were told of an experiment."""
    told = [element for element in tab._elements.values() if experiment.encode() in element.SerializeToString()]
    return {element.WhichOneof("type") for element in told}


def test_one_process_shows_the_curve_of_what_was_asked_of_the_other(servers):
    leading, waiting = servers

    async def ask_and_look():
        asked = await Tab.open(waiting, "lessons", lesson=LESSON.id)
        await asked.choose(0)
        await asked.press("Run it")
        experiment = asked.parameter("x")
        shown = await Tab.open(leading, "", x=experiment)
        for tab in (shown, asked):
            await tab.until_trained("x")
            assert "bidi_component" in drawn(tab, experiment)  # the chart
            await tab.close()
        return experiment

    experiment = asyncio.run(ask_and_look())
    told = [json.loads(get(f"{server}/api/experiments/{experiment}/points?since=0")) for server in servers]
    assert told[0]["finished"]
    assert {run["state"] for run in told[0]["runs"]} == {"done"}
    assert len(told[0]["points"]) >= len(told[0]["runs"])
    assert told[0] == told[1]
