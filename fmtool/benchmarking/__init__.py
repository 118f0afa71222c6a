"""`fmtool bench`: how fast a training is, and how near that comes to what is possible."""
