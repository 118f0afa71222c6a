"""Parts that several tasks share: losses, weights, figures, and how they are shown."""
