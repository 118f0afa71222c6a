"""What this machine can do, measured once and kept: how fast each precision is, and the peak."""
