"""What a chart draws of a long history: bounded, with every spike, and the same however it grew."""

import json
import random
from itertools import pairwise
from typing import Any

import pytest

from core.jobs.storage.overview import WHOLE, Overview

NOISE = random.Random(0)


def drawn(*pieces: dict[str, list[Any]]) -> dict[str, dict[str, list[Any]]]:
    """The overview of a history told in `pieces`, curves joined as the chart joins them."""
    overview, first = Overview(), 1
    blocks: dict[int, str] = {}
    for piece in pieces:
        blocks |= overview.add(first, piece)
        first += max(map(len, piece.values()))
    curves: dict[str, dict[str, list[Any]]] = {}
    assert list(blocks) == sorted(blocks)
    for epoch, text in blocks.items():
        block = json.loads(text)
        assert block.pop("first") == epoch
        for name, parts in block.items():
            for part, values in parts.items():
                curves.setdefault(name, {}).setdefault(part, []).extend(values)
    return curves


def noise(epochs: int) -> list[float]:
    return [round(NOISE.random(), 6) for _ in range(epochs)]


def test_a_short_history_needs_no_overview() -> None:
    assert Overview().add(1, {"loss": noise(WHOLE)}) == {}
    assert len(Overview().add(1, {"loss": noise(WHOLE + 1)})) == 1


@pytest.mark.parametrize("epochs", [WHOLE + 1, 2048, 2049, 5000, 100_000])
def test_extremes_ends_and_values_are_those_of_the_history(epochs: int) -> None:
    loss = noise(epochs)
    loss[epochs // 2], loss[-1] = 50.0, 0.123
    loss[-2] = -3.0
    line = drawn({"loss": loss, "mae": loss})["loss"]
    assert line["epochs"] == sorted(set(line["epochs"]))
    assert [loss[epoch - 1] for epoch in line["epochs"]] == line["values"]
    assert (line["epochs"][0], line["epochs"][-1]) == (WHOLE + 1, epochs)
    later = loss[WHOLE:]
    assert (min(line["values"]), max(line["values"])) == (min(later), max(later))


def test_only_what_is_drawn_is_in_it() -> None:
    assert set(drawn({"loss": noise(2000), "val_loss": noise(2000), "learning_rate": noise(2000)})) == {
        "loss",
        "val_loss",
    }


@pytest.mark.parametrize("length", [1, 7, 1000, 4096])
def test_a_history_that_grew_is_thinned_like_one_that_is_told_at_once(length: int) -> None:
    loss, val_loss = noise(9001), noise(9001)
    pieces = [
        {"loss": loss[at : at + length], "val_loss": val_loss[at : at + length]} for at in range(0, len(loss), length)
    ]
    assert drawn(*pieces) == drawn({"loss": loss, "val_loss": val_loss})


def test_points_are_bounded_and_each_doubling_adds_as_many() -> None:
    loss = noise(2**17)
    sizes = [len(drawn({"loss": loss[:epochs]})["loss"]["epochs"]) for epochs in (2**14, 2**15, 2**16, 2**17)]
    steps = [after - before for before, after in pairwise(sizes)]
    assert max(steps) <= 3 * 128 + 4
    assert sizes[-1] <= 7 * (3 * 128 + 4)
    assert min(steps) > 2 * 128


def test_a_change_sends_little_again() -> None:
    overview = Overview()
    overview.add(1, {"loss": noise(99_999)})
    changed = overview.add(100_000, {"loss": [0.5]})
    assert len(changed) == 1
    assert len(*changed.values()) < 4000


def test_a_missing_number_stays_missing_and_is_in_no_mean() -> None:
    loss: list[float | None] = [1.0] * 2000
    loss[1500] = None
    loss[-1] = float("nan")
    line = drawn({"loss": loss})["loss"]
    assert line["values"][line["epochs"].index(1501)] is None
    assert (line["epochs"][-1], line["values"][-1]) == (2000, None)
    assert set(line["means"]) == {1.0}
    assert set(line["values"]) == {1.0, None}


def test_the_mean_is_of_every_epoch_of_the_stretch() -> None:
    loss = noise(2048)
    means = drawn({"loss": loss})["loss"]["means"]
    assert len(means) == 128
    assert means[5] == pytest.approx(sum(loss[WHOLE + 40 : WHOLE + 48]) / 8)
