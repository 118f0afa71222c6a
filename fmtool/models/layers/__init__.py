"""Parts of several architectures: keys, and layers that are imported where Keras is."""
