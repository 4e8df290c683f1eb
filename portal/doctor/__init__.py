"""What the installation needs, checked live: one list for “Setting up” and `manage.py doctor`."""

# isort: off
# Each puts its checks on the list, which has this order. Those of the use cases follow.
from portal.doctor import database, worker, heroku, salesforce, mail, keys  # noqa: F401
from portal.doctor import clock, address, other_settings  # noqa: F401
from portal.doctor.checks import CHECKS, Check, check, run

__all__ = ["CHECKS", "Check", "check", "run"]
