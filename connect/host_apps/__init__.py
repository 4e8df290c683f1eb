"""The Heroku apps that own add-ons: the first one, new ones, and what each of them needs."""

from connect.host_apps.first import ensure_first

__all__ = ["ensure_first"]
