"""Who trains: a slot's thread and its trainer, a warm child process."""
