"""Objects, configs and an org for the tests of the emulator's Postgres side."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from emulator.org.objects import Field, SObject
from emulator.org.org import Org
from emulator.org.standard_objects import SYSTEM_FIELDS

ACME_ID = "00DB00000002NDmMAM"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SYSTEM = ("CreatedDate", "Id", "IsDeleted", "Name", "SystemModstamp")

ACCOUNT = SObject(
    "Account",
    (
        *SYSTEM_FIELDS,
        Field("Name", "string", required=True),
        Field("Twitter__c", "string", 15),
        Field("Code__c", "string", 20, unique=True, external_id=True),
        Field("Employees__c", "int"),
        Field("Revenue__c", "currency"),
        Field("Customer__c", "boolean"),
        Field("Founded__c", "date"),
        Field("Seen__c", "datetime"),
        Field("Notes__c", "textarea", 32000),
    ),
    key_prefix="001",
)
TWEET = SObject(
    "hcpoc__Tweet__c",
    (
        *SYSTEM_FIELDS,
        Field("Name", "string", 80, updateable=False),
        Field("hcpoc__Account__c", "reference", reference_to="Account"),
        Field("hcpoc__Body__c", "string", required=True, unique=True),
    ),
    key_prefix="a00",
    auto_number="T-{:05d}",
)

# Values that quoting, escaping or encoding could break.
HOSTILE = [
    'O\'Neil "and" sons',
    'back\\slash \\" \\N',
    "line\nfeed\ttab\rreturn",
    '"name"=>"x", "sfid"=>NULL',
    "'); DROP TABLE account; --",
    "%s %(name)s {} $$ $1",
    "Söhne 東京 🐘 \u202e\u0301",
    "NULL",
    "",
    " ",
]


def config(*fields: str, indexes: Mapping[str, bool] | None = None) -> dict[str, Any]:
    """Write a read-write mapping config over the system fields and these.

    `indexes` maps each indexed field to whether it is unique.
    """
    return {
        "access": "read_write",
        "sf_notify_enabled": False,
        "sf_polling_seconds": 600,
        "sf_max_daily_api_calls": 30000,
        "fields": {name: {} for name in (*SYSTEM, *fields)},
        "indexes": {
            "Id": {"unique": True},
            "SystemModstamp": {"unique": False},
            **{name: {"unique": unique} for name, unique in (indexes or {}).items()},
        },
    }


ACCOUNT_CONFIG = config(*(field.name for field in ACCOUNT.fields if field.name != "Name"))
TWEET_CONFIG = config("hcpoc__Account__c", "hcpoc__Body__c")
MAPPINGS = {"Account": ACCOUNT_CONFIG, "hcpoc__Tweet__c": TWEET_CONFIG}


def acme() -> Org:
    """Make Acme's org, with nothing in it."""
    org = Org(ACME_ID, 'Acme & Söhne "West"')
    org.set_objects([ACCOUNT, TWEET])
    return org
