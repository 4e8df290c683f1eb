"""Creates a fleet of tenants of any size, with months of history, in seconds.

The first thousand are made here and written by COPY; Postgres then makes the others from them.

The same size gives the same fleet: the random seed is fixed. 90 % of the tenants are live; about
3 % need staff. Times are relative to now.
"""

from bench.fleet.seeding import seed

__all__ = ["seed"]
