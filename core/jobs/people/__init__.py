"""People: who has signed in, and what follows from that."""
