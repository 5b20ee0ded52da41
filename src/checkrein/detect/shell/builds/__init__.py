"""What build tools, test runners and task runners run: which files, and what stands in them."""
