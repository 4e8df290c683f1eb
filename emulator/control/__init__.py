"""/control: how tests and people control the emulator."""
