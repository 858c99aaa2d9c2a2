"""The catalogue of causes, in the three families of the mission."""
