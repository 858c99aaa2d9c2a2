"""Classes: who is in one, how far each has come, and what is gone when it ends."""
