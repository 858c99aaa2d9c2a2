"""Tables as people bring them, generated: flats and loans. Each flaw is a parameter, and there is none by default."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

_DISTRICTS: Final = (
    "Airfield", "Brickworks", "Castle", "Docks", "Eastgate", "Foundry", "Gardens", "Harbour", "Island", "Junction",
    "Kiln", "Lakeside",
)  # fmt: skip
_LEVELS: Final = (2.0, 2.6, 6.2, 3.1, 4.4, 2.3, 5.6, 4.9, 6.5, 2.1, 2.8, 5.9)
"""Thousands for a square metre; in the order of the alphabet there is no order in them."""
_NO_YEAR: Final = 9999
_MONTHS: Final = 120


def flats(
    n: int, noise: float, missing: float, sentinels: float, estimate: int, drift: float, clash: float, sorted: int,  # noqa: A002 - what the parameter is called in a link
    seed: int,
) -> pd.DataFrame:  # fmt: skip
    """Return flats that were sold, in the order of their sale, with the price in thousands.

    Parameters
    ----------
    noise : float
        Standard deviation of the price, in thousands.
    missing, sentinels : float
        Share of the areas, floors and years that are not there; of the years that are 9999.
    estimate : int
        1 adds what the tax office made of the price, after the sale.
    drift : float
        What prices gained from the first month to the last, as a share.
    clash : float
        Share of the rows that are there again, at another price.
    sorted : int
        1 sorts the rows by price.
    """
    rng = np.random.Generator(np.random.Philox(seed))
    area = rng.uniform(25, 140, n).round(1)
    district = rng.integers(0, len(_DISTRICTS), n)
    month = np.sort(rng.integers(1, _MONTHS + 1, n))
    frame = pd.DataFrame(
        {
            "area": area,
            "rooms": np.clip(np.rint(area / 28 + rng.normal(0, 0.6, n)), 1, 7).astype(int),
            "floor": rng.integers(0, 10, n),
            "year": rng.integers(1900, 2021, n),
            "district": np.asarray(_DISTRICTS, dtype=object)[district],
            "month": month,
        }
    )
    price = area * np.asarray(_LEVELS)[district] + 0.4 * (frame["year"] - 1900) + 3.0 * frame["floor"]
    price = price * (1 + drift * (month - 1) / (_MONTHS - 1)) + rng.normal(0, noise, n)
    frame["price"] = price.clip(lower=10.0).round(1)
    if estimate:
        frame.insert(6, "tax value", (0.8 * frame["price"] + rng.normal(0, 1.0, n)).round(1))
    if again := int(clash * n):
        copied = frame.iloc[rng.permutation(n)[:again]].copy()
        copied["price"] = rng.permutation(frame["price"].to_numpy())[:again]
        frame = pd.concat([frame, copied]).sort_values("month", kind="stable", ignore_index=True)
    if sorted:
        frame = frame.sort_values("price", kind="stable", ignore_index=True)
    frame.loc[rng.random(len(frame)) < sentinels, "year"] = _NO_YEAR
    for name in ("area", "floor", "year"):
        frame[name] = frame[name].where(rng.random(len(frame)) >= missing)
    return frame


def loans(n: int, defaults: float, noise: float, seed: int) -> pd.DataFrame:
    """Return loans, of which a share of `defaults` was not paid back; `noise` is what no column tells about it."""
    rng = np.random.Generator(np.random.Philox(seed))
    income = np.exp(rng.normal(7.9, 0.45, n)).round(0)
    debt = (income * rng.uniform(0.0, 1.2, n) * 12).round(0)
    age = rng.integers(19, 75, n)
    years = np.minimum(rng.exponential(6.0, n), age - 18).round(1)
    risk = 2.2 * debt / (12 * income) - 0.9 * np.log(income / 2700) - 0.08 * years + noise * rng.normal(0, 1, n)
    late = risk >= np.sort(risk)[n - max(1, round(defaults * n))]
    return pd.DataFrame(
        {
            "income": income, "debt": debt, "age": age, "years in job": years,
            "paid back": np.where(late, "no", "yes").astype(object),
        }
    )  # fmt: skip
