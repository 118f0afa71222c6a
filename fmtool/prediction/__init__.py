"""What a model says of samples that nobody has labelled: of a run, or of an exported file."""
