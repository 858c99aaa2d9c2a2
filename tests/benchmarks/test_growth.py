"""How cost grows: what is measured along an axis, and the page and pictures that are made of it."""

import math
import shutil

import pytest

from benchmarks import growth
from benchmarks.growth import AXES, Axis, draw, growth_figure, growth_page, main, measure_growth
from core.errors import WorkFailed
from core.spec import MAX_RUNS, load_spec

DATA = {"source": "sample:noise_targets?n=20", "target": "y"}


def tiny(name="epochs", amounts=(2, 4)):
    return Axis(name, "20 rows", amounts, lambda epochs: {"data": DATA, "training": {"epochs": epochs}})


@pytest.fixture
def costs(monkeypatch):
    """Seconds without training: the number of epochs to a power."""

    def install(power):
        monkeypatch.setattr(growth, "_seconds", lambda spec: (9.0, 0.5 * spec["training"]["epochs"] ** power))

    return install


@pytest.mark.parametrize(("power", "share"), [(1, 1.0), (0.5, 10**-0.5), (1.5, 10**0.5)])
def test_the_share_of_the_work_is_above_one_only_where_cost_grows_faster(costs, power, share):
    costs(power)
    first, second = measure_growth(tiny(amounts=(10, 100)))
    assert first["share"] == 1
    assert math.isnan(first["slope"])
    assert second["share"] == pytest.approx(share)
    assert second["slope"] == pytest.approx(power)
    assert second["first"] == 9


def test_the_work_is_a_line_of_slope_one_from_the_first_point(costs):
    costs(0.5)
    axis = tiny(amounts=(10, 100, 1000))
    points = measure_growth(axis)
    work, further, first = growth_figure(axis, points)["data"]
    assert work["y"] == pytest.approx([work["y"][0] * step for step in (1, 10, 100)])
    assert work["y"][0] == pytest.approx(further["y"][0])
    assert further["y"][-1] < work["y"][-1]
    assert first["y"] == [9, 9, 9]


def test_the_page_has_a_line_for_each_amount_and_its_picture(costs):
    costs(1)
    axes = [tiny(), tiny("rows", (1000, 3000))]
    page = growth_page({axis.name: measure_growth(axis) for axis in axes}, axes)
    assert "`make growth`" in page
    assert "](growth-epochs.png)" in page
    assert "| 3 000 " in page
    assert "nan" not in page


@pytest.mark.skipif(not shutil.which("chromium"), reason="no Chromium on this machine")
def test_the_command_writes_its_page_and_pictures(tmp_path, capsys):
    main(["--into", str(tmp_path)], [tiny(amounts=(2,))])
    assert {path.name for path in tmp_path.iterdir()} == {"growth.md", "growth-epochs.png"}
    assert (tmp_path / "growth-epochs.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "growth.md").read_text().count("\n| ") == 3
    assert capsys.readouterr().err.startswith("epochs: ")


def test_without_a_browser_no_picture_is_drawn(monkeypatch, tmp_path):
    pytest.importorskip("playwright")
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    with pytest.raises(WorkFailed, match="there is no Chromium on this machine"):
        draw({tmp_path / "x.png": {}})
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("axis", AXES, ids=lambda axis: axis.name)
def test_every_amount_is_an_experiment_and_they_span_decades(axis):
    runs = [load_spec(axis.spec(amount)).runs() for amount in axis.amounts]
    if axis.name == "runs":
        assert [len(one) for one in runs] == list(axis.amounts)
        assert 0.9 * MAX_RUNS < axis.amounts[-1] <= MAX_RUNS
    else:
        assert {len(one) for one in runs} == {1}
    # Two decades of depth and a little less than three of runs are all that a spec allows.
    assert axis.amounts[-1] / axis.amounts[0] >= {"depth": 100, "runs": 500}.get(axis.name, 1000)
    assert list(axis.amounts) == sorted(set(axis.amounts))
