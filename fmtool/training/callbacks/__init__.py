"""The Keras callbacks of a run: rows of metrics, checkpoints, early stopping, divergence."""
