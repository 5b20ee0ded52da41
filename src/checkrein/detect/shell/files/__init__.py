"""Programs that create, change, read, search and remove files."""
