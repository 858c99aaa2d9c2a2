"""What networks predict while they learn, as pictures: live, and again as a replay."""
