"""Pure detectors: text, bytes or syntax in, findings or facts out. No policy, no I/O, no state."""
