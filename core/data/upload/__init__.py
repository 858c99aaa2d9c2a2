"""Reading what people upload, in a process of its own, and giving columns another kind or name."""
