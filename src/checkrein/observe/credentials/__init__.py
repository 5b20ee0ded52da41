"""The secrets that stand on this machine and in a project, so that they are found wherever else they turn up."""

from checkrein.observe.credentials.credentials import Credentials, Found, Unread

__all__ = ["Credentials", "Found", "Unread"]
