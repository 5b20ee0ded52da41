"""The copies of conversations that the client keeps on disk: what is sensitive in them, and taking it out."""

from checkrein.sweep.places import Copy, Place, copies, places
from checkrein.sweep.projects import projects
from checkrein.sweep.sweeper import Done, Left, Report, Sweeper, Swept
from checkrein.sweep.values import Value, Values

__all__ = ["Copy", "Done", "Left", "Place", "Report", "Sweeper", "Swept", "Value", "Values", "copies", "places", "projects"]
