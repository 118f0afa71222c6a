"""Many trainings of a fixed list: which there are, how they run, what came of them."""
