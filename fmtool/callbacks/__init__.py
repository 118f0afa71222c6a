"""What Keras callbacks of a user's own share; those of every run are in `fmtool.training`."""
