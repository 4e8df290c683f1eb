"""Fixtures that every test may use: a database, the emulator, and the fixed cast of tenants."""
