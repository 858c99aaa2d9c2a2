"""Reading what people upload, in a process of its own, and reading columns as another kind."""
