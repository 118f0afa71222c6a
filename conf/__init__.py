"""The YAML files that Hydra composes; each folder is a config group, each file an option."""
