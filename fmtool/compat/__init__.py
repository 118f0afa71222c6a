"""Forms of earlier releases that keep working: plugins, and files of runs."""
