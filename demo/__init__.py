"""Runs the product from outside: `make demo`, `make smoke`, and the end-to-end tests.

It starts the real processes and uses HTTP, as packages, subscribers and staff do. It imports
nothing of the product, except in `demo.past.portal`: the product under a moved clock.
`demo.postgres` starts the private PostgreSQL for tests and benches.
"""
