"""What can be chosen: one table for each kind of thing, one entry for each thing, with everything about it."""
