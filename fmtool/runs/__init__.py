"""Run directories: their layout, their life, their checkpoints, and looking them up again."""
