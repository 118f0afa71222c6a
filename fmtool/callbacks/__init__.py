"""Keras callbacks of a user's own; those of every run are in `fmtool.training`."""
