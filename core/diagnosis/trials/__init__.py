"""Suspicion becomes proof: repairs trained with the same seeds."""
