"""Figures of matplotlib: how they are made and saved, and those that several parts draw."""
