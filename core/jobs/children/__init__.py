"""Child processes of ours and what is said over their pipes."""
