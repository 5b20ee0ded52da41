"""Claude Code's hook protocol. Nothing is imported here: the hook client runs from this folder without the rest."""
