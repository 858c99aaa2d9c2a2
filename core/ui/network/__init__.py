"""The network as a diagram that can be edited."""
