"""Simple models: what they reach out of fold, and what they reach by luck."""

import numpy as np
import pytest

from core.diagnosis.evidence import simple_models
from core.diagnosis.evidence.simple_models import chance, copies, doubt, reference

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 5))
Y = (X[:, :1] + X[:, 1:2]) / 2 + 0.3 * RNG.normal(size=(60, 1))


def test_a_relation_is_found_far_beyond_chance():
    assert reference(X, Y)["linear"] > 0.7 > 0.3 > chance(X, Y)


def test_noise_is_no_better_than_shuffled_answers():
    noise = RNG.normal(size=(60, 1))
    assert max(reference(X, noise).values()) <= max(0.03, chance(X, noise))


def test_few_rows_say_nothing():
    assert reference(X[:10], Y[:10]) == {}
    assert chance(X[:10], Y[:10]) == 0.0
    assert chance(X, np.ones((60, 1))) == 0.0


def test_chance_is_the_same_every_time():
    assert chance(X, Y) == chance(X, Y)


def test_a_permutation_beside_others_is_judged_as_if_alone():
    x, y = simple_models._sampled(X, Y, 1000)
    rng = np.random.Generator(np.random.Philox(0))
    models = simple_models._models(X.shape[1])
    alone = []
    for _ in range(20):
        shuffled = y[rng.permutation(len(y))]
        quick = (models["linear"], models["neighbours"])
        alone.append(max(simple_models._explained(model, x, shuffled, apart=False).mean() for model in quick))
    assert chance(X, Y) == pytest.approx(max(0.0, sorted(alone)[-2]), abs=1e-12)
    assert max(alone) < simple_models._explained(models["linear"], x, y, apart=False).mean()


def test_a_row_is_not_predicted_from_its_twin():
    noise = RNG.normal(size=(60, 1))
    twice = np.vstack((X, X)), np.vstack((noise, noise))
    assert max(reference(*twice, apart=True).values()) < 0.1
    assert max(reference(*twice).values()) > 0.5
    assert copies(*twice).share == 1


def test_few_kinds_of_rows_are_judged_as_they_come():
    kinds = np.repeat(np.arange(3.0)[:, None], 40, axis=0)
    assert copies(kinds, kinds).share == 0
    assert reference(kinds, kinds)["neighbours"] > 0.99
    assert reference(kinds, kinds, apart=True) == {}


def test_codes_with_a_measured_answer_are_no_copies():
    codes = RNG.integers([4, 7], size=(1000, 2)).astype(float)
    answer = codes @ [[1.0], [0.3]] + RNG.normal(size=(1000, 1))
    assert copies(codes, answer) == (0, 0)


def test_a_weak_slope_of_many_rows_is_told_from_none():
    x = RNG.normal(size=(5000, 1))
    weak = 0.12 * x + RNG.normal(size=(5000, 1))
    assert reference(x, weak)["linear"] > max(0.005, chance(x, weak))


def test_the_error_of_a_share_shrinks_with_the_rows():
    assert doubt(0.5, 100) == pytest.approx(2 * np.sqrt(0.5) * 0.5 / 10)
    assert doubt(0.5, 10_000) == pytest.approx(doubt(0.5, 100) / 10)
    assert doubt(1.0, 100) == doubt(0.0, 100) == 0.0
