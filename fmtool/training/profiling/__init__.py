"""The time of a training: a stopwatch by phases, and traces of steps."""
