"""From a bad loss to its proven cause: facts and signals name suspects, trials with the same seeds decide."""
