"""What every encoder must do, whichever is added."""

import numpy as np
import pytest

from core.choices.encoders import ENCODERS, MAX_CATEGORIES

BUILT = [encoder for encoder in ENCODERS.values() if encoder.build]


def codes(words):
    """Return two categories of so many words each, NaN-free, the first word the most frequent."""
    column = np.concatenate((np.zeros(3), np.arange(words, dtype=float)))
    return np.column_stack((column, column[::-1]))


@pytest.mark.parametrize("encoder", BUILT, ids=lambda encoder: encoder.name)
@pytest.mark.parametrize("words", [1, 2, MAX_CATEGORIES, MAX_CATEGORIES + 1, 200])
def test_the_columns_are_as_many_as_the_entry_says_and_all_have_a_label(encoder, words):
    fitted = encoder.build().fit(codes(words))
    made = fitted.transform(codes(words))
    assert made.shape == (words + 3, 2 * encoder.columns(words))
    assert np.isfinite(made).all()
    if encoder.labels:
        labels = encoder.labels(fitted, [[f"w{i}" for i in range(words)]] * 2)
        assert [len(own) for own in labels] == [encoder.columns(words)] * 2
        assert all(len(set(own)) == len(own) for own in labels)
    else:
        assert encoder.columns(words) == 1


@pytest.mark.parametrize("encoder", BUILT, ids=lambda encoder: encoder.name)
def test_a_word_that_was_not_among_the_fitted_rows_is_no_error_and_changes_no_other(encoder):
    fitted = encoder.build().fit(codes(3))
    new = codes(3)
    new[0, 0] = 7
    made = fitted.transform(new)
    assert np.isfinite(made).all()
    np.testing.assert_array_equal(made[1:], fitted.transform(codes(3))[1:])
