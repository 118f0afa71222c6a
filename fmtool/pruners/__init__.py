"""Rules by which a study gives a trial up: one file per pruner of Optuna's."""
