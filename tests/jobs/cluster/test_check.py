"""What keeps a lab from starting over a cluster, or a worker from lending it slots, is one sentence."""

import shutil
import time
from pathlib import Path
from typing import Any

import dask
import pytest
from distributed import Security
from sqlalchemy import make_url

from benchmarks.app import free_port
from benchmarks.dask_cluster import Cluster
from benchmarks.postgres_server import Server
from core.errors import InputRefused
from core.jobs.cluster import dask_engine, roster, terms, wire
from core.jobs.cluster.dask_engine import DaskEngine
from core.jobs.lab import engine_of
from core.jobs.storage.database import Database
from core.paths import ROOT
from core.settings import Settings, load_settings
from tests.jobs.cluster.conftest import DaskLabs
from tests.jobs.conftest import fake_spec, finished, states, until
from tests.jobs.fake import QUICK
from tests.test_layers import modules_after

POSTGRES = "postgresql+psycopg://lab:secret@db.school.example/lab"
TLS = "DASK_DISTRIBUTED__COMM__TLS__"


def team(engine: str = "tcp://127.0.0.1:8786", **changes: Any) -> Settings:
    return Settings(**{"engine": engine, "db_url": POSTGRES, "blobs": "database"} | changes)


def refusal(settings: Settings) -> str:
    with pytest.raises(InputRefused) as refused:
        engine_of(settings)
    assert "secret" not in str(refused.value)
    return str(refused.value)


def test_without_an_address_trainers_are_here_and_dask_is_not_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "find_spec", lambda name: None)
    assert not engine_of(Settings()).outlasts
    assert refusal(team()) == (
        "LOSSLAB_ENGINE: Dask is not installed here; allowed: after pip install -r requirements-team.txt."
    )


def test_dask_is_loaded_by_nobody_who_does_without_it() -> None:
    loaded = modules_after(
        "from core.jobs.lab import engine_of; from core.settings import Settings; engine_of(Settings())"
    )
    assert "core.jobs.cluster.wire" in loaded
    assert not loaded & {"dask", "distributed"}


def test_the_scheduler_loads_no_more_of_the_lab_than_its_doors() -> None:
    loaded = {name for name in modules_after("import core.jobs.cluster.doors") if name.startswith("core.jobs")}
    assert loaded == {"core.jobs", "core.jobs.cluster", "core.jobs.cluster.doors"}


@pytest.mark.parametrize("address", ["dask.school.example:8786", "http://127.0.0.1:8786", "tcp://127.0.0.1", "yes"])
def test_an_address_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("LOSSLAB_ENGINE", address)
    with pytest.raises(InputRefused, match=r"LOSSLAB_ENGINE: the value is refused; allowed: tls://HOST:PORT or tcp://"):
        load_settings()


@pytest.mark.parametrize("changes", [{"db_url": ""}, {"db_url": "sqlite:////srv/lab.db"}])
def test_a_database_that_workers_cannot_reach_is_refused(changes: dict[str, str]) -> None:
    assert "workers cannot reach a SQLite file" in refusal(team(**changes))


def test_uploads_that_workers_cannot_read_are_refused() -> None:
    assert "LOSSLAB_BLOBS=database" in refusal(team(blobs="folder"))


def test_a_wire_that_others_could_use_is_refused() -> None:
    assert "LOSSLAB_ENGINE_INSECURE=yes" in refusal(team("tcp://dask.school.example:8786"))
    assert "LOSSLAB_ENGINE_INSECURE=yes" in refusal(team("tcp://10.0.0.5:8786"))
    assert engine_of(team("tcp://10.0.0.5:8786", engine_insecure=True)).outlasts
    assert all(engine_of(team(f"tcp://{here}:8786")).outlasts for here in ("localhost", "127.0.0.1", "[::1]"))


def test_tls_without_certificates_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    address = "tls://dask.school.example:8786"
    assert f"with a file in {TLS}CA_FILE" in refusal(team(address))
    (tmp_path / "pem").write_text("")
    files = {"ca-file": str(tmp_path / "pem"), "client": {"cert": str(tmp_path / "pem"), "key": "/missing.pem"}}
    with dask.config.set({f"distributed.comm.tls.{name}": value for name, value in files.items()}):
        assert f"with a file in {TLS}CLIENT__KEY" in refusal(team(address))


def test_what_differs_is_told_by_its_name() -> None:
    here = terms.versions()
    assert terms.other_version(here, here) == ""
    assert terms.other_version(here | {"Python": "2.7"}, here) == f"it has Python {here['Python']} and the lab 2.7"
    assert "it has Loss Lab" in terms.other_version(here | {"Loss Lab": "other"}, here)


def test_a_scheduler_that_does_not_answer_is_refused_in_time(
    labs: DaskLabs, tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_engine, "_PATIENCE_SECONDS", 1.0)
    nobody = f"tcp://127.0.0.1:{free_port()}"
    began = time.monotonic()
    with pytest.raises(InputRefused, match=f"^LOSSLAB_ENGINE: the Dask scheduler at {nobody} does not answer"):
        labs.start(team(nobody, data=tmp_path, db_url=postgres_url))
    assert time.monotonic() - began < 5


@pytest.mark.slow
def test_no_worker_yet_is_told_and_no_refusal(cluster: Cluster, labs: DaskLabs, settings: Settings) -> None:
    lab = labs.start(settings)
    experiment = lab.store.submit(fake_spec(QUICK))
    until(lambda: "No worker has joined" in (lab.health()["problem"] or ""))
    assert (states(lab, experiment), lab.health()["slots"]) == (["queued"], 0)
    cluster.add_worker(lab=1)
    assert finished(lab, experiment) == ["done"]
    until(lambda: lab.health()["problem"] is None)


WRONG = {
    "none": "its LOSSLAB_DB_URL names no PostgreSQL database",
    "other": "its LOSSLAB_DB_URL is another database",
    "empty": "its LOSSLAB_DB_URL is another database",
    "away": "The database could not be used just now (it cannot be reached)",
    "folder": "LOSSLAB_BLOBS is not database there",
    "soon": "LOSSLAB_LEASE_SECONDS: the value is refused",
    "changed": "it has Loss Lab ",
    "bare": "it does not have Loss Lab",
}


@pytest.mark.slow
def test_workers_that_do_not_fit_are_refused_each_by_its_reason_and_one_that_fits_is_enough(
    cluster: Cluster, labs: DaskLabs, settings: Settings, postgres_server: Server, tmp_path: Path
) -> None:
    other, empty = postgres_server.new_database(), postgres_server.new_database()
    Database(settings.model_copy(update={"db_url": other})).close()
    shutil.copytree(ROOT / "core", tmp_path / "core", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "core" / "newer.py").write_text("")
    cluster.add_worker("none", LOSSLAB_DB_URL="")
    cluster.add_worker("other", LOSSLAB_DB_URL=other)
    cluster.add_worker("empty", LOSSLAB_DB_URL=empty)
    cluster.add_worker("away", LOSSLAB_DB_URL=f"postgresql+psycopg://lab:secret@127.0.0.1:{free_port()}/lab")
    cluster.add_worker("folder", LOSSLAB_BLOBS="folder")
    cluster.add_worker("soon", LOSSLAB_LEASE_SECONDS="soon")
    cluster.add_worker("changed", PYTHONPATH=str(tmp_path))
    cluster.add_worker("bare", PYTHONPATH="")
    until(lambda: len(cluster.workers()) == len(WRONG), 60)
    with pytest.raises(InputRefused, match=r"^The worker \w+ lends no slots: .*\.$") as refused:
        labs.start(settings)
    assert "secret" not in str(refused.value)
    cluster.add_worker("good", lab=1)
    until(lambda: "good" in cluster.workers(), 60)
    lab = labs.start(settings)
    experiment = lab.store.submit(fake_spec(QUICK, seeds=4))
    assert finished(lab, experiment) == ["done"] * 4
    assert isinstance(lab._engine, DaskEngine)
    workers = {worker.name: worker for worker in lab._engine._roster.workers()}
    until(lambda: all(worker.joined for worker in workers.values()), 60)
    assert workers.pop("good").refusal == ""
    assert workers.keys() == WRONG.keys()
    assert {name: why for name, why in WRONG.items() if why not in workers[name].refusal} == {}
    until(lambda: "lends no slots" in (lab.health()["problem"] or ""))
    assert lab.health()["slots"] == 1


@pytest.mark.slow
def test_a_worker_is_asked_again_once_its_database_is_back(
    cluster: Cluster, labs: DaskLabs, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roster, "_ASK_AGAIN_SECONDS", 0.0)
    away = cluster.folder / "away"
    environment = {"LOSSLAB_DB_URL": "postgresql+psycopg:///?service=lab", "PGSERVICEFILE": str(away)}
    lab = labs.start(settings)
    cluster.add_worker(lab=1, **environment)
    until(lambda: "cannot be reached" in (lab.health()["problem"] or ""), 60)
    where = make_url(settings.db_url)
    parts = {"host": where.query["host"], "options": where.query["options"], "user": "lab", "dbname": "postgres"}
    away.write_text("[lab]\n" + "".join(f"{name}={value}\n" for name, value in parts.items()))
    assert finished(lab, lab.store.submit(fake_spec(QUICK)), 60) == ["done"]
    until(lambda: lab.health()["problem"] is None)


@pytest.mark.slow
def test_over_tls_only_who_has_a_certificate_is_heard(
    cluster: Cluster, labs: DaskLabs, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, others = tmp_path / "ours", tmp_path / "others"
    files = certificates(ours)
    safe = Cluster(cluster.folder, cluster.environment | files, "tls")
    try:
        safe.add_worker(lab=1)
        own = settings.model_copy(update={"engine": safe.address})
        with dask.config.set(known_to_dask(files)):
            lab = labs.start(own)
            assert finished(lab, lab.store.submit(fake_spec(QUICK)), 60) == ["done"]
            lab.stop()
        monkeypatch.setattr(dask_engine, "_PATIENCE_SECONDS", 2.0)
        with pytest.raises(InputRefused, match="does not answer"):
            labs.start(own.model_copy(update={"engine": safe.address.replace("tls", "tcp")}))
        with dask.config.set(known_to_dask(certificates(others))), pytest.raises(InputRefused, match="does not answer"):
            labs.start(own)
    finally:
        safe.remove()


def certificates(folder: Path) -> dict[str, str]:
    """Make a certificate that all of a cluster share; return the variables that name its files."""
    folder.mkdir()
    made = Security.temporary()
    key, cert = folder / "key.pem", folder / "cert.pem"
    key.write_text(made.tls_client_key)
    cert.write_text(made.tls_client_cert)
    roles = [f"{role}__{part}" for role in ("CLIENT", "SCHEDULER", "WORKER") for part in ("CERT", "KEY")]
    files = {f"{TLS}{role}": str(key if role.endswith("KEY") else cert) for role in roles}
    return {f"{TLS}CA_FILE": str(cert), "DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION": "True", **files}


def known_to_dask(files: dict[str, str]) -> dict[str, str]:
    """What these variables would set in a process that is started with them, of what a lab needs."""
    names = {"ca-file": "CA_FILE", "client.cert": "CLIENT__CERT", "client.key": "CLIENT__KEY"}
    return {f"distributed.comm.tls.{name}": files[f"{TLS}{end}"] for name, end in names.items()}
