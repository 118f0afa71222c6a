"""What several architectures share: their keys, and the layers that are imported where Keras is."""
