"""Tasks: the loss, the metrics shown while training and those of the final report."""
