"""What measures the lab for its makers: speed, alone and beside its peers, growth, reading, the app, the diagnosis; not part of what is shipped."""
