"""Whose token a call to Heroku carries, and on which app or connection it works.

Each Heroku account has its own budget of calls, so each call is made and counted for one account.
"""

from dataclasses import dataclass, field
from typing import NamedTuple, cast

from django.conf import settings

from connect.clients.http import Unauthorized
from connect.models import Connection, HostApp
from tenants.fields import Unreadable


@dataclass(frozen=True)
class Account:
    """A Heroku account. The one of HEROKU_API_TOKEN has the name ""."""

    name: str = ""
    own_token: str = field(default="", repr=False)

    @property
    def token(self) -> str:
        """The token of its calls. Raises Unauthorized if no key of SECRET decrypts it."""
        if isinstance(self.own_token, Unreadable):
            # Never another token: it does not see the app, which would look as if all had gone.
            text = f"the stored token of the account {self.name} cannot be read: enter it again"
            raise Unauthorized("Heroku", None, text)
        return self.own_token or settings.HEROKU_API_TOKEN

    @property
    def in_words(self) -> str:
        """The account as a part of a sentence, e.g. "Heroku" or "Heroku (account eu)"."""
        return f"Heroku (account {self.name})" if self.name else "Heroku"


OWN = Account()


class App(NamedTuple):
    """An app at Heroku, and the account that works on it."""

    name: str
    account: Account = OWN


class Remote(NamedTuple):
    """A connection at Heroku Connect, and the account that works on it.

    `connection_id` is "" in calls about a whole region.
    """

    region_url: str
    connection_id: str = ""
    account: Account = OWN


def app_of_host(host: HostApp) -> App:
    """Return a host app as the calls of the Platform API want it."""
    return App(host.name, _account(host))


def app_of(connection: Connection) -> App:
    """Return the app that owns a connection's add-on. Call it when one was asked for."""
    assert connection.host_app is not None  # noqa: S101  (the constraint addon_has_a_host_app)
    return app_of_host(connection.host_app)


def remote_of(connection: Connection) -> Remote:
    """Return a connection as the calls of Heroku Connect want it."""
    account = account_of(connection)
    return Remote(connection.region_url, connection.connection_id, account)


def account_of(connection: Connection) -> Account:
    """Return the account that works on a connection. Before it is placed, that is ours."""
    return _account(connection.host_app) if connection.host_app else OWN


def _account(host: HostApp) -> Account:
    # Not `or`: a token that cannot be read is an empty text, and has to stay what it is.
    token = cast("str | None", host.token)
    return Account(host.account, "" if token is None else token)
