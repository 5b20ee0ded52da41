"""Programs that run other programs, or code: wrappers, interpreters, terminals, debuggers; and the variables that do so."""
