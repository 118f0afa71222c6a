"""Rules by which a study chooses the next point: one file per sampler of Optuna's."""
