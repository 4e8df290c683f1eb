"""The product driven from outside: `make demo`, `make smoke`, and the journeys among the tests.

It starts the real processes and speaks HTTP with them as packages, subscribers and staff do. It
imports nothing of the product. `demo.postgres` starts the private PostgreSQL for tests and benches.
"""
