"""The local service: a supervisor that holds the sockets, a worker that decides, and what setup needs to run them.

Nothing is imported here: the supervisor runs from this folder with the standard library alone.
"""
