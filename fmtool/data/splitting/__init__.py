"""From samples and labels to what a run trains, validates and tests on."""
