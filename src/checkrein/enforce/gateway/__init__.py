"""The Messages API on its way out and back: what is sensitive leaves as a placeholder, and comes back as what it stands for."""
