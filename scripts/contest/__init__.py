"""Contestants of the benchmarks, each a process of its own, and the turns that they take."""
