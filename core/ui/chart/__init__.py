"""The live chart, a custom component that polls an experiment's points itself."""
