"""Folders in which every user and program of the machine may keep files for a while."""

from __future__ import annotations

TEMPORARY = ("/tmp", "/var/tmp", "/private/tmp", "/private/var/tmp", "/dev/shm")  # noqa: S108 - compared, never opened
