"""Puts protection on a machine and takes it off: the client's settings, file modes, and the checks of ``doctor``."""
