"""PHP: how its syntax is lowered, and what its calls do."""
