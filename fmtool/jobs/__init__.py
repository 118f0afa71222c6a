"""Trainings in processes of their own, as sweeps and studies start them: both ends of the line."""
