"""Shell command lines to typed effects: ``analyse(text, world, cwd)`` says what a command would do and runs nothing."""
