"""A connection and its mappings, as Heroku Connect describes them."""

from dataclasses import dataclass, field
from typing import Any

from tenants.http.json_object import JsonObject

# The columns of connect.models, in characters.
MAX_STATE = 40
MAX_NAME = 255
MAX_VERSION = 10
MAX_ACCESS = 12
MAX_OBJECT_NAME = 120
MAX_DESCRIPTION = 500


@dataclass(frozen=True)
class MappingDetail:
    """One mapping; the counts are Heroku Connect's estimates, None where it gave none."""

    id: str
    object_name: str
    state: str
    access: str
    config: dict[str, Any] = field(repr=False)
    rows_in_database: int | None
    rows_in_salesforce: int | None
    rows_pending: int | None
    rows_failed: int | None
    description: str = ""  # Heroku Connect's words about the state


@dataclass(frozen=True)
class ConnectionDetail:
    """A connection as its region describes it; "" for null or missing values."""

    id: str
    state: str
    schema_name: str
    db_key: str
    organization_id: str
    username: str
    api_version: str
    mappings: tuple[MappingDetail, ...]
    view_all_data: bool | None  # of the Salesforce user; None before authorization
    raw: dict[str, Any] = field(repr=False)

    @property
    def ordered_writes(self) -> bool:
        """Whether writes are sent in order (the default now), or merged for each row."""
        features = self.raw.get("features")
        given = features.get("poll_db_no_merge") if isinstance(features, dict) else None
        # Connections without the flag are ordered too: it is on by default for new ones.
        return given is not False


def read_detail(document: JsonObject, deep: bool) -> ConnectionDetail:
    """Read a connection's document from any call."""
    salesforce = document.object_or_empty("sf_info")
    user = document.object_or_empty("user_info")
    return ConnectionDetail(
        id=document.identifier("id"),
        # Cut, it is a state that nobody knows: staff see it as it stands there.
        state=document.string("state", MAX_STATE),
        schema_name=document.string_or_blank("schema_name"),
        db_key=document.string_or_blank("db_key"),
        # The same fact stands in several places, and each may be null before the authorization.
        organization_id=document.string_or_blank("organization_id")
        or salesforce.string_or_blank("organization_id"),
        username=salesforce.string_or_blank("username", MAX_NAME)
        or user.string_or_blank("username", MAX_NAME),
        api_version=salesforce.string_or_blank("api_version", MAX_VERSION),
        mappings=tuple(_mapping(each) for each in document.objects("mappings")) if deep else (),
        view_all_data=_view_all_data(user.object_or_empty("profile_perms")),
        raw=document.raw,
    )


def _view_all_data(permissions: JsonObject) -> bool | None:
    # The identity document has the strings "true" and "false", not booleans.
    given = permissions.raw.get("PermissionsViewAllData")
    return None if given is None else str(given).lower() == "true"


def _mapping(document: JsonObject) -> MappingDetail:
    config = document.object_or_empty("config")
    counts = document.object_or_empty("counts")
    return MappingDetail(
        id=document.identifier("id"),
        object_name=document.identifier("object_name", MAX_OBJECT_NAME),
        state=document.string("state", MAX_STATE),
        access=document.string_or_blank("access", MAX_ACCESS)
        or config.string_or_blank("access", MAX_ACCESS),
        config=config.raw,
        rows_in_database=counts.integer_or_none("db"),
        rows_in_salesforce=counts.integer_or_none("sf"),
        rows_pending=counts.integer_or_none("pending"),
        rows_failed=counts.integer_or_none("errors"),
        description=document.string_or_blank("state_description", MAX_DESCRIPTION),
    )
