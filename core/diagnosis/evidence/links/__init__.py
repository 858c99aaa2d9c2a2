"""The links of the chain from a cause to its curve: what was measured in this run, each in a few words."""
