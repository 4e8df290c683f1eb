"""How one member of staff wants the pages: the time zone, and keys that act alone."""
