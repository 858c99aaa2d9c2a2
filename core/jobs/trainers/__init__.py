"""Who trains.

A `Slot` is the thread that takes one run at a time; its `TrainerKeeper` keeps a `Trainer` ready, the child process that
does the work: by default that of Keras, in tests that of a fake.
"""
