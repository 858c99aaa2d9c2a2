"""The list of everything that was run."""
