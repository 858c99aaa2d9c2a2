"""What measures the lab for its makers: speed, growth, reading, the app, the diagnosis; not part of what is shipped."""
