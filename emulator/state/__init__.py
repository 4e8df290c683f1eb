"""What the emulator remembers, and its time, switches and faults."""
