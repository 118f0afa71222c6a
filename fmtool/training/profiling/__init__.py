"""Where the time of a training goes: a stopwatch by phases, and traces of steps."""
