"""The order of rows: anyone can count it, and it does not depend on what was asked before."""

import numpy as np
import pytest

from core.training import row_order as module
from core.training.row_order import RowOrders, row_order, row_orders


def test_rows_come_in_an_order_anyone_can_count():
    expected = np.random.Generator(np.random.Philox(key=[5, 2])).permutation(9)
    assert row_order(5, 2, 9).tolist() == expected.tolist()
    assert row_order(5, 3, 9).tolist() != expected.tolist()
    assert row_order(5, 2, 3, shuffle=False).tolist() == [0, 1, 2]


@pytest.mark.parametrize("kept", [0, 2, 1000])
def test_an_epoch_asked_for_again_or_out_of_turn_has_the_same_order(kept, monkeypatch):
    monkeypatch.setattr(module, "_KEPT_BYTES", kept * (4 * 9 + module._ORDER_BYTES))
    orders = RowOrders(5, 9, shuffle=True)
    for epoch in (3, 0, 1, 3, 2, 0):
        assert orders.of(epoch).tolist() == row_order(5, epoch, 9).tolist()
    assert len(orders._kept) == min(4, kept)


def test_runs_of_one_seed_share_their_orders_and_others_do_not():
    assert row_orders(7, 11).of(0) is row_orders(7, 11).of(0)
    assert row_orders(8, 11).of(0).tolist() != row_orders(7, 11).of(0).tolist()
    assert row_orders(7, 11, shuffle=False).of(4).tolist() == list(range(11))
    assert row_orders(7, 11, shuffle=False).of(4) is row_orders(7, 11, shuffle=False).of(5)
