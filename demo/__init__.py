"""The product driven from outside: `make demo`, `make smoke`, and the journeys among the tests.

It starts the real processes and speaks HTTP with them as packages, subscribers and staff do. It
imports the emulator's Postgres starter and nothing of the product, and only tests import it.
"""
