"""The limits of Heroku Connect and Postgres that the rules check."""

ACCESS_MODES = ("read_only", "read_write")
SYSTEM_FIELDS = ("Id", "CreatedDate", "SystemModstamp", "IsDeleted")
# In dumps of real schemas, the tables of these two have no column isdeleted.
WITHOUT_ISDELETED = {"user", "recordtype"}
MAX_MAPPINGS = 100
MAX_FIELDS = 1500  # Postgres: a table has at most 1,600 columns, and Heroku Connect adds its own
# Heroku Connect: the demo plan polls at most every ten minutes, paid plans every two.
MIN_POLLING_SECONDS = {"demo": 600}
MIN_POLLING_SECONDS_PAID = 120
MAX_POLLING_SECONDS = 3600
MAX_ROWS = {"demo": 10_000}  # in all mapped tables, by plan


def plan_name(plan: str) -> str:
    """Return "demo" for "herokuconnect:demo"."""
    return plan.rpartition(":")[2]


def max_rows(plan: str) -> int | None:
    """Return how many rows a plan allows, e.g. "herokuconnect:demo"; None if it has no limit."""
    return MAX_ROWS.get(plan_name(plan))
