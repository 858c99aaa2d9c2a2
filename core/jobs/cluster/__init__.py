"""Slots of other machines: a team's Dask cluster lends them.

In the lab a `DaskEngine`; on each worker a `Bench` of slots; between them the few functions of `doors`. The database is
the queue and the only truth: Dask is told where a claimed run shall be trained and nothing else.
"""
