"""Files that run a trained model elsewhere, each tried in its own runtime."""
