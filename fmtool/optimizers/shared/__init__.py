"""Parts that several optimizers share: Muon for kernels alone, and rules for single variables."""
