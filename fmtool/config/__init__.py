"""Configuration: YAML and overrides in, one typed and validated value out."""
