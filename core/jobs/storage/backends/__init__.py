"""The kinds of database a lab can be kept in: a file each, with all in which they differ."""
