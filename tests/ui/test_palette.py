"""The colours of the charts stand once; whatever cannot import them has the same ones."""

import re
import tomllib
from pathlib import Path

from core.plot import COLOURS

ROOT = Path(__file__).parents[2]


def test_the_theme_has_the_colours_of_the_charts():
    theme = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"]
    assert theme["light"]["chartCategoricalColors"] == theme["dark"]["chartCategoricalColors"] == list(COLOURS)


def test_no_file_of_the_app_writes_a_colour_of_the_charts_down_again():
    files = [path for path in (ROOT / "core").rglob("*") if path.suffix in {".py", ".js", ".css"}]
    colour = re.compile("|".join(COLOURS), re.IGNORECASE)
    assert [path.name for path in files if colour.search(path.read_text(encoding="utf-8"))] == ["plot.py"]
