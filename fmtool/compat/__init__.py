"""Forms of earlier releases that keep working, and private parts of libraries."""
