"""The samples of a split as rows, in memory or on disk, that are read when they are asked for."""
