"""Shell command lines to typed effects: ``analyse(text, world, cwd)`` says what a command would do and runs nothing.

``syntax`` reads the text, ``interpreter`` walks the tree, ``expansion`` expands its words, ``redirections`` follows what flows,
``execution`` finds what a command word runs, ``registry`` names the handler of each program, and ``outcomes`` records what
handlers yield and runs nested code.
"""
