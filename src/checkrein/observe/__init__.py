"""What stands on this machine: a read-only view of the disk and of git, without running anything."""
