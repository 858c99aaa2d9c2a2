"""From bytes to arrays: reading a table, understanding its columns, splitting and preparing it."""
