"""One step of training: order, gathering on the device, and many of them in one call."""
