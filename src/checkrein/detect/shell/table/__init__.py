"""Programs that ``rules/programs`` describes: reading the table, and what it says of a command line."""
