"""Parts that several schedules share: curves over steps, and the callback that follows a metric."""
