from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.dask_cluster import Cluster
from core.jobs.cluster.dask_engine import DaskEngine
from core.jobs.lab import Lab
from core.settings import Settings
from tests.jobs.conftest import Labs, until

LEASE_SECONDS = 6.0
"""A busy machine is to renew in time."""


@pytest.fixture
def cluster(tmp_path: Path, postgres_url: str) -> Iterator[Cluster]:
    environment = {
        "LOSSLAB_DB_URL": postgres_url, "LOSSLAB_BLOBS": "database", "LOSSLAB_LEASE_SECONDS": str(LEASE_SECONDS),
    }  # fmt: skip
    folder = tmp_path / "cluster"
    folder.mkdir()
    cluster = Cluster(folder, environment)
    yield cluster
    cluster.remove()


@pytest.fixture
def settings(tmp_path: Path, postgres_url: str, cluster: Cluster) -> Settings:
    return Settings(
        data=tmp_path / "data", db_url=postgres_url, blobs="database", engine=cluster.address, slots=1,
        lease_seconds=LEASE_SECONDS,
    )  # fmt: skip


class DaskLabs(Labs):
    """Makes labs that have their runs trained by the cluster, and stops them at the end of the test."""

    engine = DaskEngine


@pytest.fixture
def labs() -> Iterator[DaskLabs]:
    labs = DaskLabs()
    yield labs
    labs.stop()


def ready(lab: Lab, slots: int) -> None:
    """Wait until so many slots are free."""
    until(lambda: sum(slot.free for slot in lab._engine.slots()) == slots, 60)
