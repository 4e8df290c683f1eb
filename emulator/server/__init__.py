"""The HTTP server for every emulated system."""
