"""What speaks for a cause: facts of the data, signals of the curves, symptoms a person can see."""
