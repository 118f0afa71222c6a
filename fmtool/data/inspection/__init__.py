"""A look at a data set of a user's own: what it is, what is wrong with it, how to begin."""
