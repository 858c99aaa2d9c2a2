"""Words for people."""

from datetime import UTC, datetime, timedelta

import pytest

from core.ui.text import ago, counted, duration, inert, percent, skill_text


@pytest.mark.parametrize(
    "text", ["**bold**", "<b>x</b>", ":red[x]", "$x$", "[a](http://b)", ":material/home:", "a_b_c"]
)
def test_markdown_in_user_text_is_escaped(text):
    escaped = inert(text)
    assert text not in escaped
    assert escaped.replace("\\", "").replace("\u2060", "") == text


def test_user_text_stays_on_one_line():
    assert "\n" not in inert("a\n# b\r\nc")


def test_counts_and_durations_read_well():
    assert [counted(1, "row"), counted(2, "row"), counted(1000, "row")] == ["1 row", "2 rows", "1,000 rows"]
    assert [duration(0.1), duration(2.4), duration(200)] == ["1 s", "2 s", "3 min"]
    assert [skill_text(0.961), skill_text(-0.5), skill_text(-1e9)] == ["0.96", "−0.50", "below −99"]


def test_a_share_is_nothing_or_everything_only_where_it_is():
    shares = (0, 1e-9, 0.0099, 0.01, 0.374, 0.99, 0.996, 1)
    assert [percent(share) for share in shares] == ["0 %", "< 1 %", "< 1 %", "1 %", "37 %", "99 %", "> 99 %", "100 %"]


def test_times_are_told_as_distance():
    now = datetime(2026, 1, 2, tzinfo=UTC)
    told = [ago(now - timedelta(**by), now) for by in ({"seconds": 3}, {"minutes": 1}, {"hours": 5}, {"days": 2})]
    assert told == ["just now", "1 minute ago", "5 hours ago", "2 days ago"]
