"""/control: how tests and people steer the emulator."""
