"""Personal data in text. Pure: text in, findings out."""

from checkrein.detect.pii.catalogue import Kind, default_kinds, families, load
from checkrein.detect.pii.scanner import Pii

__all__ = ["Kind", "Pii", "default_kinds", "families", "load"]
