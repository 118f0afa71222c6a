"""The stages of an augmentation, which change whole batches on the device, and their draws."""
