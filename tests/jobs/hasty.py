"""Work as ever, but that checkpoints come between any two calls, where others wait for seconds."""

from core.jobs.trainers import run_safe
from core.jobs.trainers.work import KerasWork
from tests.jobs.fake import FakeWork

vars(run_safe).update(EVERY_SECONDS=0.0, SHARE=1.0)


class HastyFake(FakeWork):
    pass


class HastyKeras(KerasWork):
    pass
