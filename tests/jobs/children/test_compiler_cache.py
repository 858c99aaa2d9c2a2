"""What is in the compiler's cache when a child starts is what a compiler wrote and never too much, or there is none."""

import errno
import json
import os
import platform
import queue
import shutil
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.child import Child, Words
from core.jobs.children import compiler_cache
from core.jobs.children.compiler_cache import CompilerCache
from core.jobs.children.keeper import lab_child
from core.jobs.scheduling.engine import KERAS_WORK
from core.jobs.storage.store import Store
from core.settings import Settings
from core.spec import load_spec
from tests.jobs.conftest import until

MB = 2**20
DAY_NS = 86_400 * 10**9


def folder_of(cache: CompilerCache, root: Path) -> Path:
    assert cache.open()
    (folder,) = root.iterdir()
    return folder


def programs(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.pb"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "the lab's data" / "xla"


@pytest.fixture
def cache(root: Path) -> CompilerCache:
    return CompilerCache(root, 10)


@pytest.fixture
def folder(cache: CompilerCache, root: Path) -> Path:
    """A cache of two programs that were sealed."""
    folder = folder_of(cache, root)
    (folder / "one.pb").write_bytes(b"machine code " * 1000)
    (folder / "two.pb").write_bytes(b"other machine code " * 1000)
    cache.seal()
    return folder


def empty(path: Path) -> None:
    path.write_bytes(b"")


def cut_short(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def flip_a_bit(path: Path) -> None:
    code = bytearray(path.read_bytes())
    code[-500] ^= 0x40
    path.write_bytes(code)


def another_program(path: Path) -> None:
    shutil.copy(path.with_name("two.pb"), path)
    shutil.copy(path.with_name("two.pb.sha256"), path.with_name("one.pb.sha256"))


def a_folder(path: Path) -> None:
    path.unlink()
    (path / "within").mkdir(parents=True)


def a_dead_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


def a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def no_checksum(path: Path) -> None:
    path.with_name("one.pb.sha256").unlink()


def a_broken_checksum(path: Path) -> None:
    path.with_name("one.pb.sha256").write_bytes(b"\xff")


DAMAGE = (
    empty, cut_short, flip_a_bit, another_program, a_folder, a_dead_link, a_pipe, no_checksum, a_broken_checksum
)  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage.__name__)
def test_damage_costs_the_one_program(damage: Callable[[Path], None], cache: CompilerCache, folder: Path) -> None:
    damage(folder / "one.pb")
    assert str(folder) in cache.open()
    assert sorted(path.name for path in folder.iterdir()) == ["two.pb", "two.pb.sha256"]
    (folder / "one.pb").write_bytes(b"compiled again")
    cache.seal()
    cache.open()
    assert programs(folder) == ["one.pb", "two.pb"]


def test_damage_is_not_sealed_over(cache: CompilerCache, folder: Path) -> None:
    flip_a_bit(folder / "one.pb")
    cache.seal()
    cache.open()
    assert programs(folder) == ["two.pb"]


def test_a_file_that_cannot_be_read_is_removed(
    cache: CompilerCache, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = compiler_cache._digest

    def digest(path: Path) -> str:
        if path.name == "one.pb":
            raise OSError(errno.EIO, "Input/output error")
        return sound(path)

    monkeypatch.setattr(compiler_cache, "_digest", digest)
    assert cache.open()
    assert programs(folder) == ["two.pb"]


def test_what_a_child_is_writing_is_left_to_it_and_what_a_dead_one_left_is_not(
    cache: CompilerCache, folder: Path
) -> None:
    (folder / "new.pb.tmp").write_bytes(b"half")
    (folder / "old.pb.tmp").write_bytes(b"half")
    os.utime(folder / "old.pb.tmp", (0, 0))
    cache.open()
    assert (folder / "new.pb.tmp").exists()
    assert not (folder / "old.pb.tmp").exists()


@pytest.mark.parametrize("what", ["version", "machine", "XLA_FLAGS"])
def test_an_upgrade_or_another_machine_starts_afresh(
    what: str, folder: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if what == "version":
        monkeypatch.setattr(compiler_cache, "version", lambda _name: "2.99.0")
    elif what == "machine":
        monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    else:
        monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_enable_fast_math=true")
    (root / "of an early build.pb").write_bytes(b"machine code")
    new = folder_of(CompilerCache(root, 10), root)
    assert new != folder
    assert programs(new) == []
    assert not folder.exists()


def test_the_same_machine_keeps_its_cache(folder: Path, root: Path) -> None:
    assert folder_of(CompilerCache(root, 10), root) == folder
    assert programs(folder) == ["one.pb", "two.pb"]


def test_it_keeps_to_its_size_and_what_was_not_used_for_longest_goes_first(cache: CompilerCache, folder: Path) -> None:
    for name, days in (("one", 9), ("two", 8), ("read", 7), ("new", 1)):
        path = folder / f"{name}.pb"
        path.write_bytes(b"x" * 3 * MB)
        path.with_name(path.name + ".sha256").unlink(missing_ok=True)
        written = path.stat().st_mtime_ns - days * DAY_NS
        os.utime(path, ns=(written, written))
    cache.seal()
    assert programs(folder) == ["new.pb", "read.pb", "two.pb"]
    # Long ago, but later than the rest was written: a use.
    used = (folder / "new.pb").stat().st_mtime_ns + DAY_NS // 2
    os.utime(folder / "read.pb", ns=(used, (folder / "read.pb").stat().st_mtime_ns))
    cache.open()
    (folder / "more.pb").write_bytes(b"x" * 6 * MB)
    cache.seal()
    assert programs(folder) == ["more.pb", "read.pb"]
    assert sorted(folder.glob("*.sha256")) == [folder / "more.pb.sha256", folder / "read.pb.sha256"]


def test_a_smaller_limit_takes_effect_at_the_next_start(folder: Path, root: Path) -> None:
    (folder / "large.pb").write_bytes(b"x" * 2 * MB)
    CompilerCache(root, 10).seal()
    assert (folder / "large.pb").exists()
    CompilerCache(root, 1).open()
    assert sum(path.stat().st_size for path in folder.iterdir()) <= MB


def test_no_cache_is_wanted(folder: Path, root: Path) -> None:
    assert CompilerCache(root, 0).open() == ""
    assert not folder.exists()


def test_on_a_full_disk_programs_are_read_and_none_is_written(
    cache: CompilerCache, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "read_only=false" in cache.open()
    usage = shutil.disk_usage(folder)._replace(free=MB)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)
    assert "read_only=true" in cache.open()
    assert programs(folder) == ["one.pb", "two.pb"]


def test_a_program_that_got_no_checksum_for_want_of_room_is_not_trusted(
    cache: CompilerCache, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, _text: str) -> int:
        path.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    (folder / "new.pb").write_bytes(b"machine code")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        cache.seal()
    cache.open()
    assert programs(folder) == ["one.pb", "two.pb"]


@pytest.mark.parametrize("reason", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_where_the_folder_cannot_be_used_there_is_no_cache(
    reason: int, cache: CompilerCache, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_args: Any, **_kwargs: Any) -> None:
        raise OSError(reason, os.strerror(reason))

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    assert cache.open() == ""
    assert [record.getMessage() for record in caplog.records] == [
        f"no compiler cache: the folder cannot be used ({os.strerror(reason)})"
    ]


def test_a_file_in_place_of_the_folder_is_no_reason_not_to_start(root: Path) -> None:
    root.parent.mkdir()
    root.write_text("taken")
    cache = CompilerCache(root, 10)
    assert cache.open() == ""
    cache.seal()
    cache.clear()
    assert root.read_text() == "taken"


def test_children_that_start_and_compile_at_once_lose_nothing_sealed(
    cache: CompilerCache, folder: Path, root: Path
) -> None:
    def compile_much(slot: int) -> None:
        mine = CompilerCache(root, 10)
        for number in range(30):
            path = folder / f"{slot}-{number}.pb"
            path.with_suffix(".tmp").write_bytes(os.urandom(1000))
            path.with_suffix(".tmp").rename(path)
            mine.seal()
            # The other one may have removed it before that.
            if path.with_name(path.name + ".sha256").exists():
                sealed.append(path.name)
            flags.append(mine.open())

    flags: list[str] = []
    sealed = ["one.pb", "two.pb"]
    threads = [threading.Thread(target=compile_much, args=(slot,)) for slot in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(flags) == 60
    assert all(flags)
    assert len(sealed) > 30
    assert programs(folder) == sorted(sealed)


class Ends:
    """Hears how a child ended."""

    def __init__(self) -> None:
        self.ended = threading.Event()

    def __call__(self, _child: Child, words: Words | None) -> None:
        if words is None:
            self.ended.set()


@pytest.mark.parametrize(("sent", "kept"), [(signal.SIGSEGV, False), (signal.SIGILL, False), (signal.SIGKILL, True)])
def test_a_child_that_crashed_takes_the_cache_with_it_and_a_killed_one_does_not(
    sent: signal.Signals, kept: bool, tmp_path: Path
) -> None:
    root = tmp_path / "xla"
    ends = Ends()
    child = lab_child(Settings(data=tmp_path), ["tests.echo", "word"], "slot-1", ends)
    (folder,) = root.iterdir()
    (folder / "one.pb").write_bytes(b"machine code")
    os.kill(child.pid, sent)
    assert ends.ended.wait(30)
    child.kill()
    assert folder.exists() is kept
    assert str(folder) in CompilerCache(root, 10).open()
    assert programs(folder) == (["one.pb"] if kept else [])


def test_what_a_child_compiled_is_sealed_once_it_says_so(tmp_path: Path) -> None:
    heard: queue.SimpleQueue[Words | None] = queue.SimpleQueue()
    child = lab_child(Settings(data=tmp_path), ["tests.echo", "word"], "slot-1", lambda _, words: heard.put(words))
    (folder,) = (tmp_path / "xla").iterdir()
    (folder / "one.pb").write_bytes(b"machine code")
    try:
        for event in ("points", "warmed"):
            assert not (folder / "one.pb.sha256").exists()
            child.send(event=event)
        while (heard.get(timeout=30) or {})["event"] != "warmed":
            pass
        assert (folder / "one.pb.sha256").read_text() == compiler_cache._digest(folder / "one.pb")
    finally:
        child.kill()


EPOCHS = 4000


@pytest.fixture
def experiment(settings: Settings) -> Iterator[str]:
    """One run, long enough for XLA on a busy machine, too, where tracing is slow."""
    store = Store(settings)
    model, training = {"layers": [3]}, {"epochs": EPOCHS, "batch_size": 32}
    spec = {"data": {"source": "sample:iris", "target": "species"}, "model": model, "training": training}
    yield store.submit(load_spec(spec))
    store.close()


def trained(settings: Settings, experiment: str) -> tuple[Words, list[float]]:
    """Return what a new trainer, which has compiled nothing yet, said at the end of a run, and its losses."""
    said: list[Words] = []
    trainer = lab_child(
        settings,
        ["core.jobs.trainers.trainer", KERAS_WORK],
        "slot-1",
        lambda _child, words: said.append(words or {"event": "gone"}),
    )
    try:
        order = {"token": "token", "experiment": experiment, "position": 0, "run": 1, "attempt": 1}
        trainer.send(cmd="train", **order, probed=False, pictured=False)
        until(lambda: said and said[-1]["event"] in {"end", "gone"}, 120)
        end = said[-1]
        until(lambda: list((settings.data / "xla").rglob("*.pb")), 60)
    finally:
        trainer.kill()
    until(lambda: said[-1]["event"] == "gone")
    points = [json.loads(words["history"])["loss"] for words in said if words["event"] == "points"]
    return end, [loss for losses in points for loss in losses]


@pytest.mark.slow
def test_a_real_trainer_compiles_anew_what_was_damaged_and_comes_to_the_same_history(
    settings: Settings, experiment: str
) -> None:
    end, losses = trained(settings, experiment)
    (program,) = (settings.data / "xla").rglob("*.pb")
    # Within the machine code, which is at the end of the file: it would be run.
    sound = program.read_bytes()
    begin = sound.index(b"\x7fELF")
    damaged = sound[:begin] + bytes(len(sound) - begin)
    program.write_bytes(damaged)
    end_again, losses_again = trained(settings, experiment)
    assert (end["state"], end_again["state"]) == ("done", "done")
    assert losses_again == pytest.approx(losses, abs=1e-5)
    assert len(losses) == EPOCHS
    (program,) = (settings.data / "xla").rglob("*.pb")
    assert program.read_bytes() != damaged
    assert program.with_name(program.name + ".sha256").read_text() == compiler_cache._digest(program)
