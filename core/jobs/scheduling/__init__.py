"""Which waiting run goes where and when.

The `Queue` moves the runs from state to state, an `Engine` lends the slots, a `Chooser` decides which run goes to which
slot, and the `Dispatcher` is the thread that asks all three. The `Backlog` says how long what waits will take.
"""
