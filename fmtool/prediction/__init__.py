"""Predictions of a run or an exported file for samples that nobody has labelled."""
