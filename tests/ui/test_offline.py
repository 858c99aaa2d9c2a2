"""The app needs no other server: schools have firewalls, and nobody's data should be told to anyone."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILES = [
    ROOT / "app.py",
    ROOT / ".streamlit" / "config.toml",
    *(ROOT / "pages").glob("*.py"),
    *(path for path in (ROOT / "core" / "ui").rglob("*") if path.suffix in {".py", ".js", ".css"}),
]


def test_nothing_is_fetched_from_elsewhere():
    assert len(FILES) > 20
    for path in FILES:
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://", text), path.name


def test_the_favicon_is_our_own():
    # Streamlit would fetch a Material icon for the browser tab from the internet.
    router = (ROOT / "core" / "ui" / "router.py").read_text()
    assert 'page_icon=":material' not in router


def test_the_chart_is_never_sent_to_plotlys_cloud():
    live = (ROOT / "core" / "ui" / "chart" / "js" / "live.js").read_text()
    assert "showSendToCloud: false" in live
    assert '"sendChartToCloud"' in live
