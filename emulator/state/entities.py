"""What Heroku, Heroku Connect, Salesforce and X remember, as flat rows that a Store can keep.

Fields that are a number ending in `_at` are on one of the clock's two readings: `expires_at` and
`used_at` on its `stamp`, the others on its `seconds`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass
class AddOn:
    """An add-on of Heroku's."""

    id: str
    name: str
    plan: str
    attachment_id: str
    attachment_name: str
    config: dict[str, str]
    state: str
    ready_at: float
    created_at: datetime
    updated_at: datetime
    linked: bool = False
    isv_slug: str | None = None


@dataclass
class Connection:
    """A connection of Heroku Connect's. `agenda` holds what is still to happen to it, soonest
    first, as {"at": seconds, "step": name, ...}."""

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
    # A ping of the trigger log was heard; True at first, since none is heard before the first look.
    pinged: bool = True


@dataclass
class Mapping:
    """A mapping of one object of a connection's org to one table."""

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
    """One use of authorize_url: from Heroku's log-in page to the way back to `next`."""

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
    """An authorization code of Salesforce's; spent once."""

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
    """A family of tokens that one consent began. `refresh_tokens` keeps the spent ones too: the use
    of a spent one revokes the whole family."""

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
    """A schema name that was given to a connection once, and never will be again."""

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
    """What X returned on a UTC day: calls, posts, and the ids of those posts, billed once each."""

    id: str
    calls: int = 0
    returned: int = 0
    posts: list[str] = field(default_factory=list)


@dataclass
class Window:
    """The calls of X's present rate-limit window; `ends_at` is on the clock's `stamp`. Not kept."""

    ends_at: float = 0
    calls: int = 0
