"""Measurements of this machine, made once and kept: the speed of each precision, and the peak."""
