"""The page Diagnose: curve, verdict, causes, layers."""
