"""The files for a team name settings, options and services that exist; nothing here starts a container."""

import re
from typing import Any

import pytest
import yaml
from distributed.cli.dask_scheduler import main as scheduler
from distributed.cli.dask_worker import main as worker

from core.jobs.cluster.wire import check_wire
from core.paths import ROOT
from core.settings import Settings

CHOSEN = {"LAB_HOST": "lab.school.example", "LAB_DB_PASSWORD": "0123abcd"}
PAGE = (ROOT / "docs" / "cluster.md").read_text()
OPTIONS = {
    name: {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    for name, command in {"scheduler": scheduler, "worker": worker}.items()
}


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    text = re.sub(r"\$\{(\w+):\?\}", lambda found: CHOSEN[found[1]], (ROOT / "compose.yaml").read_text())
    assert "$" not in text
    found: dict[str, Any] = yaml.safe_load(text)["services"]
    return found


def test_the_web_process_of_the_composition_could_start(services: dict[str, Any], monkeypatch: Any) -> None:
    for name, value in services["web"]["environment"].items():
        assert name.removeprefix("LOSSLAB_").lower() in Settings.model_fields
        monkeypatch.setenv(name, value)
    settings = Settings()
    check_wire(settings)
    assert settings.for_others
    assert settings.host_names == (CHOSEN["LAB_HOST"],)
    host, port = re.fullmatch(r"tcp://(\w+):(\d+)", settings.engine).groups()  # type: ignore[union-attr]
    assert services[host]["entrypoint"][-3:-1] == ["--port", port]
    assert settings.engine in services["worker"]["entrypoint"]


def test_workers_have_the_database_of_the_web_process_and_lend_slots(services: dict[str, Any]) -> None:
    web, lends = services["web"]["environment"], services["worker"]
    assert {name: web[name] for name in lends["environment"]} == lends["environment"]
    assert {"LOSSLAB_DB_URL", "LOSSLAB_BLOBS"} == lends["environment"].keys()
    assert "LAB=2" in lends["entrypoint"]
    assert "@db/" in web["LOSSLAB_DB_URL"]


def test_nobody_but_the_lab_reaches_the_scheduler_and_the_database(services: dict[str, Any]) -> None:
    composition = yaml.safe_load((ROOT / "compose.yaml").read_text())
    assert composition["networks"]["inside"] == {"internal": True}
    for name in ("db", "scheduler", "worker"):
        assert services[name]["networks"] == ["inside"]
        assert "ports" not in services[name]
    assert [name for name, service in services.items() if "ports" in service] == ["proxy"]
    assert "inside" not in services["proxy"]["networks"]


def test_every_service_is_one_that_is_there(services: dict[str, Any]) -> None:
    needed = {name for service in services.values() for name in service.get("depends_on", ())}
    assert needed <= services.keys()
    assert "web:8501" in services["proxy"]["command"]


@pytest.mark.parametrize("role", OPTIONS)
def test_every_option_of_dask_that_is_told_exists(services: dict[str, Any], role: str) -> None:
    told = [option for option in services[role]["entrypoint"][3:] if option.startswith("--")]
    text = PAGE.replace("\\\n", " ")
    for line in re.findall(rf"dask\"?,? {role}[ ,](.*)", text):
        told += re.findall(r"--[a-z-]+", line.partition("`")[0])
    assert len(told) > 3
    assert set(told) <= OPTIONS[role]


def test_every_variable_of_the_page_exists() -> None:
    named = set(re.findall(r"LOSSLAB_([A-Z_]+)", PAGE)) - {""}
    assert named <= {name.upper() for name in Settings.model_fields}
