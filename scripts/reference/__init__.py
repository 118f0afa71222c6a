"""The pages of docs/reference, which scripts/make_reference.py writes."""
