"""The page Lab: knobs, stage, comparisons."""
