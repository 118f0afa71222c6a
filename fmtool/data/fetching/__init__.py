"""Official files of the built-in data sets: found, downloaded, verified, cached and decoded."""
