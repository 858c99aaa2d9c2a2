"""What a person should know of a table before training on it: profile, leaks, sentinels, twins, task."""
