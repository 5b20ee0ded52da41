"""Shell code read as bash reads it: text to syntax tree."""
