"""The colours of the charts stand once; whatever cannot import them has the same ones."""

import itertools
import math
import re
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.plot import COLOURS

ROOT = Path(__file__).parents[2]


def test_the_theme_has_the_colours_of_the_charts():
    theme = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"]
    assert theme["light"]["chartCategoricalColors"] == theme["dark"]["chartCategoricalColors"] == list(COLOURS)


def test_no_file_of_the_app_writes_a_colour_of_the_charts_down_again():
    files = [path for path in (ROOT / "core").rglob("*") if path.suffix in {".py", ".js", ".css"}]
    colour = re.compile("|".join(COLOURS), re.IGNORECASE)
    assert [path.name for path in files if colour.search(path.read_text(encoding="utf-8"))] == ["plot.py"]


BACKGROUNDS = ("#fcfcfa", "#12181a")
BASELINES = ("#808585", "#858b8a", "#8a8a8a")  # of the live chart, light and dark, and of a diagnosis
EYES: dict[str, Any] = {
    "all cones": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}
"""Linear sRGB to linear sRGB, as in Machado, Oliveira & Fernandes (2009), severity 1."""
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.119192, 0.9503041]]
)


def linear(*colours):
    channels = np.array([[int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)] for colour in colours])
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def seen(eye, *colours):
    """CIELAB of colours as an eye sees them."""
    xyz = np.clip(linear(*colours) @ np.array(EYES[eye]).T, 0, 1) @ TO_XYZ.T / TO_XYZ.sum(axis=1)
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1)


def distance(one, other):
    """CIEDE2000 (Sharma, Wu & Dalal 2005) between two colours in CIELAB."""
    mean = (np.hypot(*one[1:]) + np.hypot(*other[1:])) / 2
    stretch = 1.5 - 0.5 * math.sqrt(mean**7 / (mean**7 + 25**7))
    (l1, a1, b1), (l2, a2, b2) = ((c[0], stretch * c[1], c[2]) for c in (one, other))
    c1, c2 = math.hypot(a1, b1), math.hypot(a2, b2)
    h1, h2 = (math.degrees(math.atan2(b, a)) % 360 for a, b in ((a1, b1), (a2, b2)))
    turn = (h2 - h1 + 180) % 360 - 180
    light, chroma, hue = (l1 + l2) / 2, (c1 + c2) / 2, (h1 + h2 + (360 if abs(h1 - h2) > 180 else 0)) / 2
    wave = sum(k * math.cos(math.radians(n * hue + at)) for k, n, at in WAVES) + 1
    far = (light - 50) ** 2
    lightness = (l2 - l1) / (1 + 0.015 * far / math.sqrt(20 + far))
    colour = (c2 - c1) / (1 + 0.045 * chroma)
    tone = 2 * math.sqrt(c1 * c2) * math.sin(math.radians(turn / 2)) / (1 + 0.015 * chroma * wave)
    twist = (
        -2
        * math.sqrt(chroma**7 / (chroma**7 + 25**7))
        * math.sin(math.radians(60 * math.exp(-(((hue - 275) / 25) ** 2))))
    )
    return math.sqrt(lightness**2 + colour**2 + tone**2 + twist * colour * tone)


WAVES = ((-0.17, 1, -30), (0.24, 2, 0), (0.32, 3, 6), (-0.2, 4, -63))


def test_the_distance_is_that_of_the_published_pairs():
    pairs = [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((22.7233, 20.0904, -46.694), (23.0331, 14.973, -42.5619), 2.0373),
        ((36.4612, 47.858, 18.3852), (36.2715, 50.5065, 21.2231), 1.4146),
    ]
    for one, other, known in pairs:
        assert distance(one, other) == pytest.approx(known, abs=1e-4)


@pytest.mark.parametrize("eye", EYES)
def test_any_two_colours_stay_apart_for_every_eye(eye):
    colours = seen(eye, *COLOURS)
    assert min(distance(*pair) for pair in itertools.combinations(colours, 2)) >= 12
    assert min(distance(*pair) for pair in itertools.combinations(colours[:4], 2)) >= 14
    assert distance(*colours[:2]) >= 30


@pytest.mark.parametrize("eye", EYES)
def test_no_colour_passes_for_the_grey_of_the_baseline(eye):
    pairs = itertools.product(seen(eye, *COLOURS), seen(eye, *BASELINES))
    assert min(distance(*pair) for pair in pairs) >= 12


@pytest.mark.parametrize("background", BACKGROUNDS)
def test_every_colour_has_a_contrast_of_three_to_one(background):
    ground, *curves = linear(background, *COLOURS) @ TO_XYZ[1]
    for colour, curve in zip(COLOURS, curves, strict=True):
        assert (max(ground, curve) + 0.05) / (min(ground, curve) + 0.05) >= 3, colour
