"""What a text holds in other forms: JSON and other escapes, URL-encoding, base64, terminal colours; with the way back."""

from checkrein.detect.decode.part import Part
from checkrein.detect.decode.parts import parts

__all__ = ["Part", "parts"]
