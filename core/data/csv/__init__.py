"""How a delimited text is read: bytes, characters, dialect, cells, typed columns; doubts become notes or questions."""
