"""Policy enforcement points: each a thin adapter from a foreign protocol to ``Event`` and from ``Decision`` back."""
