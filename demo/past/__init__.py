"""The demo's history: the real portal and the emulator, led from thirty days ago to today."""
