"""Simple models: what they reach out of fold, and what they reach by luck."""

import numpy as np
import pytest

from core.diagnosis.evidence import simple_models
from core.diagnosis.evidence.simple_models import chance, reference

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
    x, y = simple_models._sampled(X, Y)
    rng = np.random.Generator(np.random.Philox(0))
    models = simple_models._models()
    alone = []
    for _ in range(20):
        shuffled = y[rng.permutation(len(y))]
        quick = (models["linear"], models["neighbours"])
        alone.append(max(simple_models._explained(model, x, shuffled).mean() for model in quick))
    assert chance(X, Y) == pytest.approx(max(0.0, sorted(alone)[-2]), abs=1e-12)
    assert max(alone) < simple_models._explained(models["linear"], x, y).mean()


def test_a_row_is_not_predicted_from_its_twin():
    noise = RNG.normal(size=(60, 1))
    doubled = reference(np.vstack((X, X)), np.vstack((noise, noise)))
    assert max(doubled.values()) < 0.1


def test_many_copies_of_few_rows_say_nothing():
    few = np.repeat(np.arange(3.0)[:, None], 40, axis=0)
    assert reference(few, few) == {}
    assert chance(few, few) == 0.0
