"""What is kept, what goes, and what is never made twice."""

from functools import partial

import pytest

from core.recent import Recent


def made(cache, *keys):
    """Return which of `keys` the cache had to have made, asked for in this order."""
    missed = []

    def make(key):
        missed.append(key)
        return key

    for key in keys:
        assert cache.get(key, partial(make, key)) == key
    return missed


def test_a_value_is_made_once_and_the_one_unused_for_longest_goes_first():
    cache: Recent[str, str] = Recent(2)
    assert made(cache, "a", "b", "a") == ["a", "b"]
    assert made(cache, "c", "a", "b") == ["c", "b"]


def test_costs_add_up_to_the_budget_and_the_newest_stays_whatever_it_costs():
    cache: Recent[str, str] = Recent(budget=10, cost=len)
    assert made(cache, "four", "five!", "four") == ["four", "five!"]
    assert made(cache, "a word beyond any budget", "a word beyond any budget") == ["a word beyond any budget"]
    assert made(cache, "four") == ["four"]


def test_what_fails_to_be_made_is_not_kept():
    cache: Recent[str, str] = Recent()
    with pytest.raises(StopIteration):
        cache.get("a", lambda: next(iter(())))
    assert made(cache, "a") == ["a"]


def test_a_cleared_cache_makes_anew():
    cache: Recent[str, str] = Recent()
    made(cache, "a")
    cache.clear()
    assert made(cache, "a") == ["a"]
