"""What Heroku, Heroku Connect, Salesforce and X remember, as flat rows that the store keeps.

A number whose name ends in `_at` is a reading of the clock: `expires_at`, `used_at` and `ends_at`
of its `stamp`, the others of its `seconds`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass
class Account:
    """A Heroku account; its id is its e-mail. The one without tokens has all other tokens.

    `calls_left` is its own budget of Platform API calls, as of `counted_at`.
    """

    id: str
    calls_left: float
    counted_at: float
    tokens: list[str] = field(default_factory=list)
    teams: list[str] = field(default_factory=list)


@dataclass
class App:
    """A Heroku app. A release restarts its dynos: `restarts` counts those of apps that have any."""

    id: str
    name: str
    account_id: str
    created_at: datetime
    team: str | None = None
    region: str = "us"
    dynos: int = 0
    config_vars: dict[str, str] = field(default_factory=dict)
    # Attached Postgres add-ons by the name of the attachment.
    databases: dict[str, str] = field(default_factory=dict)
    releases: int = 0
    restarts: int = 0


@dataclass
class AddOn:
    """A Heroku add-on. `attachments` are {id, app_id, name, at}: the first is its own app's, and a
    name is the prefix of a config var."""

    id: str
    name: str
    app_id: str
    plan: str
    attachments: list[dict[str, str]]
    config: dict[str, str]
    state: str
    ready_at: float
    created_at: datetime
    updated_at: datetime
    gone_at: float = 0
    linked: bool = False
    isv_slug: str | None = None


@dataclass
class Connection:
    """A Heroku Connect connection. `agenda` holds the steps that will happen to it, soonest first,
    as {"at": seconds, "step": name, ...}."""

    id: str
    number: int
    addon_id: str
    created_at: datetime
    state: str = "NEW"
    name: str = ""
    schema_name: str | None = None
    db_key: str | None = None
    organization_id: str | None = None
    user_id: str | None = None
    username: str | None = None
    environment: str = "production"
    domain: str | None = None
    api_version: str | None = None
    auth_updated: datetime | None = None
    patches_ignored: int = 0
    merged_writes: bool = False
    logplex_log_enabled: bool = False
    notifications: list[dict[str, Any]] = field(default_factory=list)
    agenda: list[dict[str, Any]] = field(default_factory=list)
    validations: dict[str, float] = field(default_factory=dict)
    used_at: float = 0
    db_polled_at: float = 0
    archived_at: float = 0
    last_write: datetime | None = None
    grant_id: str | None = None
    # The trigger log has news. True at first, because nobody listens before the first look.
    pinged: bool = True


@dataclass
class Mapping:
    """A mapping from one object of the connection's org to one table."""

    id: str
    number: int
    connection_id: str
    object_name: str
    config: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    state: str = "INITIAL"
    state_description: str = ""
    polled_until: datetime | None = None
    polled_at: float = 0
    times: dict[str, str | None] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    counted_at: datetime | None = None


@dataclass
class AuthorizeLink:
    """One use of authorize_url: from Heroku's log-in page to the redirect to `next`."""

    id: str
    connection_id: str
    environment: str
    domain: str | None
    api_version: str | None
    next: str
    expires_at: float
    heroku_login: bool = False
    used: bool = False


@dataclass
class Code:
    """A Salesforce authorization code; it works once."""

    id: str
    org_id: str
    user_id: str
    client_id: str
    redirect_uri: str
    challenge: str
    scope: str
    host: str
    expires_at: float


@dataclass
class Grant:
    """What a user granted to an app, with all its tokens. `refresh_tokens` keeps the used ones too:
    using one again revokes the whole grant."""

    id: str
    org_id: str
    user_id: str
    client_id: str
    scope: str
    host: str
    created_at: datetime
    used_at: float
    refresh_tokens: list[str] = field(default_factory=list)
    access_tokens: dict[str, float] = field(default_factory=dict)
    revoked: bool = False


@dataclass
class UsedSchema:
    """A schema name that a connection got once; no other connection can ever have it."""

    id: str
    connection_id: str
    created_at: datetime


@dataclass
class XPost:
    """A post on X. `kind` is post, retweet, reply or quote."""

    id: str
    username: str
    author_id: str
    text: str
    created_at: datetime
    likes: int = 0
    reposts: int = 0
    kind: str = "post"
    lang: str = "en"
    reply_to: str = ""


@dataclass
class BilledDay:
    """What X returned on a UTC day. `posts` and `users` are the ids that were billed, each once."""

    id: str
    calls: int = 0
    returned: int = 0
    posts: list[str] = field(default_factory=list)
    users: list[str] = field(default_factory=list)


@dataclass
class RateWindow:
    """The calls in X's current rate-limit window. It is not stored."""

    ends_at: float = 0
    calls: int = 0
