"""Seeing how each live connection does, and mending what can be mended."""
