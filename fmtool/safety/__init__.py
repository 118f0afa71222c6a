"""Checks of files from elsewhere, before a library that could be misled by them reads them."""
