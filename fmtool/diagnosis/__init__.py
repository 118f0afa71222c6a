"""The state of an installation: versions, backends, devices, folders, optional packages."""
