"""A safe without a disk, and runs that are broken off."""

from core.training.run import train_run


class MemorySafe:
    """A safe that keeps every checkpoint, and gives out the one it is told to."""

    def __init__(self, given=None):
        self.given, self.kept, self.accepted = given, [], False

    def newest(self, fits):
        self.accepted = self.given is not None and fits(self.given)
        return self.given if self.accepted else None

    def due(self, size):
        return size > 0

    def put(self, checkpoint):
        self.kept.append(checkpoint)


def broken_off(run, prepared, calls, **more):
    """Train for so many calls, and return the checkpoints there were."""
    safe, left = MemorySafe(), iter([False] * calls)
    assert train_run(run, prepared, should_stop=lambda: next(left, True), safe=safe, **more).state == "cancelled"
    return safe.kept
