"""A trainer that has grown is replaced by one that got ready beside it, or after it where two would be too many."""

import threading
from pathlib import Path

import pytest

from core.jobs.trainers.trainer_keeper import TrainerKeeper
from core.settings import Settings
from core.training.structure import CACHED_PROGRAMS
from tests.jobs.children.test_keeper import FakeChild, Launcher

MB = 2**20


def keeper_of(tmp_path: Path, memory_mb: int) -> tuple[TrainerKeeper, list[FakeChild]]:
    launcher = Launcher()
    settings = Settings(data=tmp_path, slots=1, trainer_memory_mb=memory_mb)
    keeper = TrainerKeeper(launcher, lambda _child, _words: None, threading.Event(), settings, {})
    keeper.start()
    keeper.hear(keeper.child, {"event": "ready", "own": 300 * MB})  # type: ignore[arg-type]
    return keeper, launcher.children


def ended_at(keeper: TrainerKeeper, held_mb: int) -> None:
    keeper.hear(keeper.child, {"event": "end", "own": held_mb * MB})  # type: ignore[arg-type]
    keeper.ended()


def test_one_that_has_grown_serves_until_its_successor_is_ready(tmp_path: Path) -> None:
    keeper, children = keeper_of(tmp_path, 4000)
    ended_at(keeper, 490)
    assert len(children) == 1
    ended_at(keeper, 510)
    assert (len(children), children[0].killed, keeper.ready) == (2, False, True)
    keeper.hear(children[1], {"event": "ready", "own": 300 * MB})  # type: ignore[arg-type]
    keeper.succeed()
    assert children[0].killed
    assert keeper.child is children[1]  # type: ignore[comparison-overlap]


def test_where_there_is_no_memory_for_two_the_old_one_goes_first(tmp_path: Path) -> None:
    keeper, children = keeper_of(tmp_path, 604)
    ended_at(keeper, 445)
    assert len(children) == 1
    ended_at(keeper, 460)
    assert (len(children), children[0].killed, keeper.ready) == (2, True, False)
    keeper.hear(keeper.child, {"event": "ready", "own": 300 * MB})  # type: ignore[arg-type]
    ended_at(keeper, 310)
    assert (len(children), children[1].killed, keeper.ready) == (2, False, True)


@pytest.mark.parametrize("memory_mb", [604, 4000])
def test_one_that_has_not_grown_stays(tmp_path: Path, memory_mb: int) -> None:
    keeper, children = keeper_of(tmp_path, memory_mb)
    for _ in range(150):
        ended_at(keeper, 400)
    assert (len(children), children[0].killed) == (1, False)


def warmed(keeper: TrainerKeeper, structure: str) -> None:
    keeper.hear(keeper.child, {"event": "warmed", "structure": structure, "known": True, "own": 300 * MB})  # type: ignore[arg-type]


def ordered(child: FakeChild) -> list[str]:
    return [order["structure"] for order in child.orders]


def test_what_is_expected_is_compiled_one_at_a_time_and_forgotten_for_what_comes_after(tmp_path: Path) -> None:
    keeper, (child,) = keeper_of(tmp_path, 4000)
    keeper.expect({"a": {}, "b": {}, "c": {}})
    assert (ordered(child), keeper.compiling) == (["a"], "a")
    keeper.expect({"d": {}, "a": {}})
    assert ordered(child) == ["a"]
    warmed(keeper, "a")
    assert ordered(child) == ["a", "d"]
    warmed(keeper, "d")
    assert (ordered(child), keeper.compiling) == (["a", "d"], None)
    assert keeper.structures == {"a", "d"}


def test_nothing_is_compiled_ahead_while_a_run_trains(tmp_path: Path) -> None:
    keeper, (child,) = keeper_of(tmp_path, 4000)
    keeper.began("run")
    keeper.expect({"a": {}})
    assert ordered(child) == []
    ended_at(keeper, 310)
    assert ordered(child) == ["a"]


def grown_ahead(keeper: TrainerKeeper, structure: str, held_mb: int) -> None:
    words = {"event": "warmed", "structure": structure, "known": True, "own": held_mb * MB}
    keeper.hear(keeper.child, words)  # type: ignore[arg-type]


def test_one_that_has_grown_by_compiling_ahead_gets_a_successor_too(tmp_path: Path) -> None:
    keeper, children = keeper_of(tmp_path, 4000)
    keeper.expect({"a": {}, "b": {}})
    grown_ahead(keeper, "a", 490)
    assert (ordered(children[0]), len(children)) == (["a", "b"], 1)
    grown_ahead(keeper, "b", 510)
    assert (len(children), children[0].killed) == (2, False)
    keeper.expect({"c": {}})
    assert ordered(children[0]) == ["a", "b"]


def test_what_every_trainer_compiles_replaces_none(tmp_path: Path) -> None:
    keeper, children = keeper_of(tmp_path, 4000)
    grown_ahead(keeper, "of all", 900)
    assert len(children) == 1


def test_where_there_is_no_memory_for_two_compiling_ahead_uses_no_trainer_up(tmp_path: Path) -> None:
    keeper, children = keeper_of(tmp_path, 604)
    keeper.expect({"a": {}, "b": {}})
    grown_ahead(keeper, "a", 420)
    assert (ordered(children[0]), len(children)) == (["a"], 1)


def test_what_killed_a_trainer_is_not_compiled_ahead_again(tmp_path: Path) -> None:
    launcher = Launcher()
    keeper = TrainerKeeper(
        launcher, lambda _child, _words: None, threading.Event(), Settings(data=tmp_path, slots=1), {}
    )
    keeper.start()
    keeper.hear(keeper.child, {"event": "ready", "own": 300 * MB})  # type: ignore[arg-type]
    keeper.expect({"poison": {}, "b": {}})
    keeper.hear(keeper.child, None)  # type: ignore[arg-type]
    keeper.hear(keeper.child, {"event": "ready", "own": 300 * MB})  # type: ignore[arg-type]
    keeper.expect({"poison": {}, "b": {}})
    first, second = launcher.children
    assert (ordered(first), ordered(second)) == (["poison"], ["b"])


def test_what_the_trainer_has_forgotten_is_not_counted_as_known(tmp_path: Path) -> None:
    keeper, (child,) = keeper_of(tmp_path, 4000)
    for number in range(CACHED_PROGRAMS + 2):
        keeper.learned(f"s{number}")
    keeper.learned("s2")
    keeper.learned("new")
    assert len(keeper.structures) == CACHED_PROGRAMS
    assert {"s2", "new"} <= keeper.structures
    assert not {"s0", "s1", "s3"} & keeper.structures
    keeper.expect({"s0": {}})
    assert ordered(child) == ["s0"]


def test_what_is_refused_is_neither_known_nor_asked_for_again(tmp_path: Path) -> None:
    keeper, (child,) = keeper_of(tmp_path, 4000)
    keeper.expect({"large": {}})
    keeper.hear(keeper.child, {"event": "warmed", "structure": "large", "known": False, "own": 300 * MB})  # type: ignore[arg-type]
    assert keeper.structures == frozenset()
    keeper.expect({"large": {}})
    assert ordered(child) == ["large"]
