"""The tables that need no file: scikit-learn's bundled sets under human names, and seeded generated ones."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl

import numpy as np
import pandas as pd

from core.choices.choice import by_name
from core.data.everyday import flats, loans
from core.data.table import Table, table_of
from core.errors import InputRefused, WorkFailed
from core.sentence import said

_Arc = Callable[[int], np.ndarray]


@dataclass(frozen=True)
class Parameter:
    """A number a sample takes, its default and its range (ends included); whole if the default is."""

    default: float
    minimum: float
    maximum: float
    words: str = ""
    """What a value other than the default is called: ``{number} rows``, ``{percent} of the cells empty``."""


@dataclass(frozen=True)
class Sample:
    """One entry of the registry; `build` takes the parameters by name and returns a frame."""

    name: str
    title: str
    about: str
    target: str
    build: Callable[..., pd.DataFrame]
    parameters: Mapping[str, Parameter]


def sample_table(query: str) -> Table:
    """Return the sample named by `query`: ``moons``, ``moons?n=500&noise=0.1&seed=0``.

    Raises
    ------
    InputRefused
        If the name, a parameter or its value is not one the registry allows.
    """
    name, _, parameters = query.removeprefix("sample:").partition("?")
    if name not in SAMPLES:
        allowed = ", ".join(SAMPLES)
        raise InputRefused(
            said("data.source: there is no sample {name!r}; allowed: {allowed}.", name=name, allowed=allowed),
            "data.source",
        )
    sample = SAMPLES[name]
    return table_of(sample.build(**_values(sample, parameters)))


def sample_title(query: str) -> str:
    """Return what a person calls the sample of `query`, with or without ``sample:``; its name where there is none."""
    name = query.removeprefix("sample:").partition("?")[0]
    return SAMPLES[name].title if name in SAMPLES else name


def sample_words(query: str) -> list[str]:
    """Return what a person says of each parameter that `query` sets: ``2,000 rows``, ``3 % not paid back``."""
    name, _, told = query.removeprefix("sample:").partition("?")
    known = SAMPLES[name].parameters if name in SAMPLES else {}
    words = []
    for key, text in parse_qsl(told):
        pattern = (known[key].words if key in known else "") or f"{key} {{number}}"
        try:
            value = float(text)
        except ValueError:
            continue
        words.append(pattern.format(number=f"{value:,.12g}", percent=f"{100 * value:.3g} %"))
    return words


def _values(sample: Sample, query: str) -> dict[str, float]:
    values = {key: parameter.default for key, parameter in sample.parameters.items()}
    for key, text in parse_qsl(query, keep_blank_values=True):
        if key not in sample.parameters:
            allowed = ", ".join(sample.parameters)
            raise InputRefused(
                said(
                    "data.source: {sample} has no parameter {key!r}; allowed: {allowed}.",
                    sample=sample.name,
                    key=key,
                    allowed=allowed,
                ),
                "data.source",
            )
        parameter = sample.parameters[key]
        number = int if isinstance(parameter.default, int) else float
        try:
            value = number(text)
        except ValueError:
            value = None
        if value is None or not parameter.minimum <= value <= parameter.maximum:
            what = said("a whole number") if number is int else said("a number")
            raise InputRefused(
                said(
                    "data.source: {key}={value} is refused for {sample}; allowed: {what!w} from {low:g} to {high:g}.",
                    key=key,
                    value=text[:40],
                    sample=sample.name,
                    what=what,
                    low=parameter.minimum,
                    high=parameter.maximum,
                ),
                "data.source",
            )
        values[key] = value
    return values


def _rng(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(seed))


def _bundled(file: str, target: str, columns: Sequence[str]) -> Callable[..., pd.DataFrame]:
    """Read a set that scikit-learn carries, without importing scikit-learn: that would cost the web process 77 MB."""

    def build(n: int, seed: int) -> pd.DataFrame:
        table = pd.read_csv(_bundled_bytes(file), skiprows=1, header=None)
        frame = pd.DataFrame(table.iloc[:, :-1].to_numpy(np.float64), columns=list(columns))
        # The class names follow the counts of rows and columns in the first line.
        words = _bundled_bytes(file).readline().decode().strip().replace("class_", "cultivar ").split(",")[2:]
        frame[target] = np.asarray(words, dtype=object)[table.iloc[:, -1]]
        return _sampled(frame, n, seed)

    return build


def _bundled_bytes(file: str) -> BytesIO:
    package = find_spec("sklearn")
    if package is None or package.origin is None:
        raise WorkFailed(said("scikit-learn, which carries the sample sets, is not installed."))
    content = (Path(package.origin).parent / "datasets" / "data" / file).read_bytes()
    return BytesIO(gzip.decompress(content) if file.endswith(".gz") else content)


def _sampled(frame: pd.DataFrame, n: int, seed: int) -> pd.DataFrame:
    if n >= len(frame):
        return frame
    return frame.iloc[np.sort(_rng(seed).permutation(len(frame))[:n])].reset_index(drop=True)


def _diabetes(n: int, seed: int) -> pd.DataFrame:
    raw = np.loadtxt(_bundled_bytes("diabetes_data_raw.csv.gz"))
    scaled = (raw - raw.mean(axis=0)) / (raw.std(axis=0) * len(raw) ** 0.5)
    frame = pd.DataFrame(scaled, columns=_DIABETES)
    frame["progression"] = np.loadtxt(_bundled_bytes("diabetes_target.csv.gz"))
    return _sampled(frame, n, seed)


def _digits(n: int, seed: int) -> pd.DataFrame:
    table = np.loadtxt(_bundled_bytes("digits.csv.gz"), delimiter=",")
    names = [f"pixel {row} {column}" for row in range(8) for column in range(8)]
    frame = pd.DataFrame(table[:, :-1], columns=names)
    frame["digit"] = table[:, -1].astype(int)
    return _sampled(frame, n, seed)


_IRIS: Final = ("sepal length", "sepal width", "petal length", "petal width")
_WINE: Final = (
    "alcohol", "malic acid", "ash", "alcalinity of ash", "magnesium", "total phenols", "flavanoids",
    "nonflavanoid phenols", "proanthocyanins", "color intensity", "hue", "od280/od315 of diluted wines", "proline",
)  # fmt: skip
_NUCLEUS: Final = (
    "radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity", "concave points", "symmetry",
    "fractal dimension",
)  # fmt: skip
_CANCER: Final = (
    *(f"mean {name}" for name in _NUCLEUS),
    *(f"{name} error" for name in _NUCLEUS),
    *(f"worst {name}" for name in _NUCLEUS),
)
_DIABETES: Final = (
    "age", "sex", "body mass index", "blood pressure", "total cholesterol", "LDL cholesterol", "HDL cholesterol",
    "cholesterol ratio", "log triglycerides", "blood sugar",
)  # fmt: skip


def _points(x: np.ndarray, label: np.ndarray, names: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame({"x1": x[:, 0], "x2": x[:, 1], "label": np.asarray(names, dtype=object)[label]})


def _shuffled(rng: np.random.RandomState, x: np.ndarray, label: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.arange(len(x))
    rng.shuffle(order)
    return x[order], label[order]


def _arcs(n: int, noise: float, seed: int, first: _Arc, second: _Arc) -> tuple[np.ndarray, np.ndarray]:
    """Return points on two arcs, shuffled and blurred in the order scikit-learn draws its random numbers."""
    rng = np.random.RandomState(seed)
    halves = (n // 2, n - n // 2)
    x = np.concatenate([first(halves[0]), second(halves[1])])
    x, label = _shuffled(rng, x, np.repeat([0, 1], halves))
    return x + rng.normal(scale=noise, size=x.shape), label


def _moons(n: int, noise: float, seed: int) -> pd.DataFrame:
    def upper(count: int) -> np.ndarray:
        angle = np.linspace(0, np.pi, count)
        return np.column_stack((np.cos(angle), np.sin(angle)))

    arcs = _arcs(n, noise, seed, upper, lambda count: np.asarray((1.0, 0.5)) - upper(count))
    return _points(*arcs, ("upper", "lower"))


def _circles(n: int, noise: float, seed: int) -> pd.DataFrame:
    def circle(count: int) -> np.ndarray:
        angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
        return np.column_stack((np.cos(angle), np.sin(angle)))

    return _points(*_arcs(n, noise, seed, circle, lambda count: 0.5 * circle(count)), ("outer", "inner"))


def _blobs(n: int, noise: float, classes: int, seed: int) -> pd.DataFrame:
    rng = np.random.RandomState(seed)
    centers = rng.uniform(-10, 10, size=(classes, 2))
    counts = [n // classes + (i < n % classes) for i in range(classes)]
    x = np.concatenate(
        [rng.normal(loc=center, scale=noise, size=(count, 2)) for center, count in zip(centers, counts, strict=True)]
    )
    x, label = _shuffled(rng, x, np.repeat(np.arange(classes), counts))
    return _points(x, label, [f"blob {i + 1}" for i in range(classes)])


def _xor(n: int, noise: float, seed: int) -> pd.DataFrame:
    rng = _rng(seed)
    x = rng.uniform(-1, 1, (n, 2))
    label = (x[:, 0] * x[:, 1] < 0).astype(int)
    return _points(x + rng.normal(0, noise, (n, 2)), label, ("same sign", "other sign"))


def _spiral(n: int, noise: float, turns: float, seed: int) -> pd.DataFrame:
    rng = _rng(seed)
    label = np.arange(n) % 2
    radius = np.sqrt(rng.uniform(0.02, 1, n))
    angle = 2 * np.pi * turns * radius + np.pi * label
    x = np.column_stack((radius * np.cos(angle), radius * np.sin(angle)))
    return _points(x + rng.normal(0, noise, (n, 2)), label, ("first arm", "second arm"))


def _curve(f: Callable[[np.ndarray], np.ndarray], low: float, high: float) -> Callable[..., pd.DataFrame]:
    def build(n: int, noise: float, seed: int) -> pd.DataFrame:
        rng = _rng(seed)
        x = np.sort(rng.uniform(low, high, n))
        return pd.DataFrame({"x": x, "y": f(x) + rng.normal(0, noise, n)})

    return build


def _friedman(n: int, noise: float, seed: int) -> pd.DataFrame:
    rng = np.random.RandomState(seed)
    x = rng.uniform(size=(n, 10))
    y = 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2 + 10 * x[:, 3] + 5 * x[:, 4]
    return _numbered(x).assign(y=y + noise * rng.standard_normal(n))


def _noise_labels(n: int, features: int, seed: int) -> pd.DataFrame:
    rng = _rng(seed)
    return _numbered(rng.random((n, features))).assign(label=rng.integers(0, 2, n))


def _noise_targets(n: int, features: int, seed: int) -> pd.DataFrame:
    rng = _rng(seed)
    return _numbered(rng.random((n, features))).assign(y=rng.random(n))


def _numbered(x: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(x, columns=[f"x{i + 1}" for i in range(x.shape[1])])


def _rows(default: int, most: int = 100_000) -> dict[str, Parameter]:
    return {"n": Parameter(default, 4, most, "{number} rows"), "seed": Parameter(0, 0, 2**31 - 1)}


def _shape(default: int, noise: float, *, most_noise: float = 10.0, **more: Parameter) -> dict[str, Parameter]:
    return _rows(default) | {"noise": Parameter(noise, 0.0, most_noise)} | more


def _share(words: str) -> Parameter:
    return Parameter(0.0, 0.0, 1.0, words)


def _switch(words: str) -> Parameter:
    return Parameter(0, 0, 1, words)


_ALL: Final = (
    Sample("iris", "Iris flowers", "Tell three iris species apart by the size of their petals and sepals.",
           "species", _bundled("iris.csv", "species", _IRIS), _rows(150, most=150)),
    Sample("wine", "Wine", "Tell three growers' wines apart by 13 chemical measurements of very different scales.",
           "cultivar", _bundled("wine_data.csv", "cultivar", _WINE), _rows(178, most=178)),
    Sample("breast_cancer", "Breast cancer", "Tell malignant from benign tumours by 30 measurements of cell nuclei.",
           "diagnosis", _bundled("breast_cancer.csv", "diagnosis", _CANCER), _rows(569, most=569)),
    Sample("diabetes", "Diabetes", "Predict how diabetes progresses in a year from ten measurements, already scaled.",
           "progression", _diabetes, _rows(442, most=442)),
    Sample("digits", "Handwritten digits", "Read a digit from the grey levels (0…16) of 8 × 8 pixels.",
           "digit", _digits, _rows(1797, most=1797)),
    Sample("moons", "Two moons", "Two half moons reach into each other, so no straight line parts them.",
           "label", _moons, _shape(500, 0.1)),
    Sample("circles", "Two circles", "One circle lies inside the other, so no straight line parts them.",
           "label", _circles, _shape(500, 0.1)),
    Sample("blobs", "Blobs", "Round clouds of points, one per class; the easiest classification there is.",
           "label", _blobs, _shape(500, 1.0, classes=Parameter(3, 2, 10, "{number} classes"))),
    Sample("xor", "XOR", "The class depends on whether x1 and x2 have the same sign, never on one of them alone.",
           "label", _xor, _shape(500, 0.05)),
    Sample("spiral", "Spiral", "Two arms wind around each other; a network needs depth or width to follow them.",
           "label", _spiral, _shape(500, 0.02, turns=Parameter(1.0, 0.25, 3.0, "{number} turns"))),
    Sample("line", "Line", "y = 2x + 1 with a little noise: one unit suffices.",
           "y", _curve(lambda x: 2 * x + 1, -1, 1), _shape(200, 0.1)),
    Sample("parabola", "Parabola", "y = x², which a network without a hidden layer cannot bend to.",
           "y", _curve(np.square, -2, 2), _shape(200, 0.1)),
    Sample("sine", "Sine", "Two periods of a sine: the more units, the more bends a network can follow.",
           "y", _curve(np.sin, -2 * np.pi, 2 * np.pi), _shape(200, 0.1)),
    Sample("friedman", "Friedman 1", "Five of ten columns matter, in a formula with a product, a square and a sine.",
           "y", _friedman, _shape(500, 1.0)),
    Sample("flats", "Flats", "Predict what a flat was sold for from its size, age and district.",
           "price", flats, _shape(400, 10.0, most_noise=500.0, missing=_share("{percent} of cells empty"),
                                  sentinels=_share("{percent} of years 9999"),
                                  estimate=_switch("with the tax value"), sorted=_switch("sorted"),
                                  drift=Parameter(0.0, 0.0, 10.0, "prices rise"),
                                  clash=_share("{percent} listed twice"))),
    Sample("loans", "Loans", "Foresee which loans are not paid back; few are not.",
           "paid back", loans, _shape(1000, 0.3, defaults=Parameter(0.2, 0.0, 0.5, "{percent} not paid back"))),
    Sample("noise_labels", "Random labels", "Columns of noise and coin-flip labels: there is nothing to learn here.",
           "label", _noise_labels, _rows(100) | {"features": Parameter(10, 1, 100, "{number} columns")}),
    Sample("noise_targets", "Random targets", "Columns of noise and a target of noise: nothing beats the mean.",
           "y", _noise_targets, _rows(100) | {"features": Parameter(10, 1, 100, "{number} columns")}),
)  # fmt: skip

SAMPLES: Final[Mapping[str, Sample]] = by_name((sample.name, sample) for sample in _ALL)
