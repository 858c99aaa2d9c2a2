"""From a table to arrays: rows and columns chosen, split, imputed, encoded, scaled, by scikit-learn."""
