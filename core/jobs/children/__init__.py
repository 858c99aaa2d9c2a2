"""The lab's child processes: a `Keeper` keeps one alive, an `Actor` is the thread that minds it, `Orders` its ears."""
