"""The parts of scripts/same_bits: copies of commits, tiny trainings, and their comparison."""
