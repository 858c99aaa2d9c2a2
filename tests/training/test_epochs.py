"""The compiled epoch: what a training is warned of."""

import threading
import warnings

from core.training.epochs import _own_warnings


def test_a_warning_of_another_thread_is_not_taken_for_ones_own():
    with warnings.catch_warnings(record=True) as elsewhere:
        warnings.simplefilter("always")
        with _own_warnings() as said:
            other = threading.Thread(target=warnings.warn, args=("of the other", UserWarning))
            other.start()
            other.join()
            warnings.warn("of one's own", UserWarning, stacklevel=1)
    assert said == ["of one's own"]
    assert [str(warning.message) for warning in elsewhere] == ["of the other"]
