"""A file per version, by its number; one that was released is never changed."""
