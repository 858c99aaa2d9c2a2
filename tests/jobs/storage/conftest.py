"""The tests of this room are run on every kind of database."""

from tests.jobs.databases import each as database_url

__all__ = ["database_url"]
