"""Parts that several regularizers share: penalties on layers, and noise on gradients."""
