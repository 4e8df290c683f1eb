"""The one error of this package."""


class PostgresError(Exception):
    """No server can be started. The text is one sentence for the person who asked for it."""
