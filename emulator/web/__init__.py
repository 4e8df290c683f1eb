"""HTTP helpers that every emulated system uses."""
