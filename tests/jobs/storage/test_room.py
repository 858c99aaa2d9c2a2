"""The disk: what is refused when it is nearly full, and what is given up so that something can be deleted."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from core.errors import WorkFailed
from core.jobs.storage.room import FULL, Room
from core.jobs.storage.store import Store
from core.settings import Settings
from tests.jobs.conftest import fake_spec
from tests.jobs.fake import QUICK

MB = 2**20


class Usage(NamedTuple):
    total: int
    used: int
    free: int


class Disk:
    """A disk of 100 MB, of which the files in a folder and so many `others` take their part."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.others = 0

    def usage(self, _path: Path) -> Usage:
        used = self.others + sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())
        return Usage(100 * MB, used, max(0, 100 * MB - used))


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", disk.usage)
    return disk


@pytest.fixture
def room(disk: Disk) -> Room:
    return Room(disk.folder, 8, disk.folder / "xla")


def names(disk: Disk) -> set[str]:
    return {path.name for path in disk.folder.rglob("*") if path.is_file()}


def test_there_is_room_until_less_is_free_than_has_to_be(disk: Disk, room: Room) -> None:
    disk.others = 92 * MB
    room.check()
    told = [room.problem]
    disk.others += 1
    told.append(room.problem)
    assert told == ["", FULL]
    with pytest.raises(WorkFailed, match="The disk is full"):
        room.check()


def test_a_reserve_is_set_aside_once_and_only_where_there_is_room_beside_it(disk: Disk, room: Room) -> None:
    disk.others = 91 * MB
    room.save()
    assert names(disk) == set()
    disk.others = 90 * MB
    room.save()
    room.save()
    assert names(disk) == {"reserve"}
    assert (room.free, room.full) == (8 * MB, False)


def test_the_reserve_is_given_up_when_hardly_anything_is_left_and_makes_no_room_for_new_things(
    disk: Disk, room: Room
) -> None:
    room.save()
    disk.others = 95 * MB
    room.spend()
    assert names(disk) == {"reserve"}
    disk.others = 98 * MB
    room.spend()
    assert names(disk) == set()
    assert (room.free, room.full) == (2 * MB, True)
    room.save()
    assert names(disk) == set()


def test_without_a_reserve_what_can_be_made_again_is_given_up(disk: Disk, room: Room) -> None:
    (disk.folder / "xla" / "one").mkdir(parents=True)
    (disk.folder / "xla" / "one" / "program.pb").write_bytes(b"x" * MB)
    (disk.folder / "kept").write_bytes(b"x")
    disk.others = 97 * MB
    room.spend()
    assert names(disk) == {"program.pb", "kept"}
    disk.others = 99 * MB - 1
    room.spend()
    assert names(disk) == {"kept"}


def test_a_disk_that_fills_while_the_reserve_is_written_keeps_no_half_of_it(
    disk: Disk, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_size: int) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.urandom", full)
    room.save()
    assert names(disk) == set()


def test_nothing_new_is_kept_and_all_else_works(disk: Disk) -> None:
    store = Store(Settings(data=disk.folder / "data", least_free_mb=8))
    experiment, other = store.submit(fake_spec(QUICK)), store.submit(fake_spec(QUICK))
    disk.others = 95 * MB
    with pytest.raises(WorkFailed, match="The disk is full"):
        store.submit(fake_spec(QUICK))
    with pytest.raises(WorkFailed, match="The disk is full"):
        store.datasets.add(b"x,y\n1,2\n", "t.csv")
    assert not list(disk.folder.glob("data/datasets/*"))
    store.cancel(experiment)
    assert store.experiment(experiment).finished
    store.delete(experiment)
    assert [summary.id for summary in store.experiments()] == [other]
    disk.others = 0
    store.submit(fake_spec(QUICK))
    store.datasets.add(b"x,y\n1,2\n", "t.csv")
    store.close()
