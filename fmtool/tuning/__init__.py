"""`fmtool tune`: an adaptive search whose trials are ordinary runs, by any number of workers."""
