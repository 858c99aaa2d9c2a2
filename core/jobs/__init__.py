"""Who trains what, where and when: the store is the queue and the only truth, the engine lends slots."""
