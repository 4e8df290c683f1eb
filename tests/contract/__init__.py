"""`make contract`: clients that nobody here wrote, against the emulator."""
