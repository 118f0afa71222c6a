"""Small data sets that come with fmtool, as files; LICENCES.md says whose they are."""
