"""What brings a database of one version to the next: a revision of Alembic's for each, in `versions`."""
