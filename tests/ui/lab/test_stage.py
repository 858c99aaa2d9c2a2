"""What stands beside Run."""

import pytest

from core.ui.lab.stage import time_text


@pytest.mark.parametrize(
    ("seconds", "wait_seconds", "runs_ahead", "text"),
    [
        (0.3, 0.0, 0, "about 1 s"),
        (1.2, 80.0, 12, "about 1 s, after about 80 s of other work"),
        (200.0, 0.2, 1, "about 3 min, after about 1 s of other work"),
    ],
)
def test_the_time_to_expect_counts_the_work_ahead(seconds, wait_seconds, runs_ahead, text):
    assert time_text(seconds, wait_seconds, runs_ahead) == text


def test_without_work_ahead_no_waiting_is_announced():
    assert "after" not in time_text(5.0, 0.0, 0)
