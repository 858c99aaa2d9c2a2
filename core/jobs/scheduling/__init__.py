"""Which waiting run goes where and when: the queue, the dispatcher, the engine that lends slots."""
