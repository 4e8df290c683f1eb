"""Generated orgs, and documents that may or may not fit them."""

from typing import Any

from hypothesis import strategies as st

from tests.connect.mappings.comparing import Objects
from tests.connect.mappings.corpus.objects import field, key, lookup

_NAMES = ("Account", "Contact", "Thing__c", "acme__Post__c", "FAQ__kav", "Big__b")
_STAMPS = ("SystemModstamp", "LastModifiedDate", "CreatedDate")
_OPTIONAL = (
    field("Name"),
    field("Code__c", required=True),
    key("Key__c"),
    key("acme__Key__c"),
    field("Uuid__c"),
    lookup("AccountId", "Account"),
    lookup("OwnerId", "Account", "Contact"),
    lookup("Parent__c", "Thing__c"),
    lookup("Gone__c", "Nothing__c"),
    field("Address", "address", updateable=False),
    field("Body", "base64"),
    field("Sum__c", "double", updateable=False, calculated=True),
)
_MAPPED = (
    *("Name", "NAME", "Code__c", "Key__c", "key__C", "acme__Key__c", "Uuid__c", "Nope__c"),
    *("AccountId", "OwnerId", "Parent__c", "Gone__c", "Address", "Body", "Sum__c", "No such"),
    *("Account__Key__c", "Account__acme__Key__c", "Account__Uuid__c", "Owner__Key__c"),
    *("Parent__r__Key__c", "Parent__r__Nope__c", "Gone__r__Key__c", "Other__r__Key__c"),
    *("IsDeleted", "F" * 70),
)


def _or_rarely(usual: Any, *rare: Any) -> st.SearchStrategy[Any]:
    """The usual value in most examples, so that much of a document is right."""
    return st.sampled_from([usual] * (6 * len(rare)) + list(rare))


def orgs() -> st.SearchStrategy[Objects]:
    """Orgs: some objects, each with Id, some timestamps and some other fields."""
    fields = st.tuples(
        st.lists(st.sampled_from(_STAMPS), unique=True, max_size=3),
        st.lists(st.sampled_from(_OPTIONAL), unique_by=lambda each: each["name"], min_size=7),
    ).map(
        lambda parts: [
            field("Id", "id", updateable=False),
            *(field(each, "datetime", updateable=False) for each in parts[0]),
            *parts[1],
        ]
    )
    usual, rare = (dict.fromkeys(names, fields) for names in (_NAMES[:3], _NAMES[3:]))
    return st.fixed_dictionaries(usual, optional=rare)


@st.composite
def _configs(draw: st.DrawFn) -> dict[str, Any]:
    names = draw(st.lists(st.sampled_from(_MAPPED), unique=True, max_size=5))
    stamps = draw(_or_rarely(["SystemModstamp"], ["CreatedDate"], ["LastModifiedDate"], []))
    identity = draw(_or_rarely(["Id"], ["ID"], []))
    fields = [*identity, *stamps, *names]
    config: dict[str, Any] = {
        "access": draw(_or_rarely("read_only", "read_write", "write")),
        "sf_polling_seconds": draw(_or_rarely(600, 120, 60, 3601, "600", True)),
        "fields": {name: {} for name in fields},
    }
    lookups = [each for each in names if each in ("AccountId", "OwnerId", "Parent__c", "Gone__c")]
    if draw(_or_rarely(True, False)):
        others = draw(_or_rarely([], ["Key__c"], ["Id"], ["Nope__c"]))
        indexed = [*draw(_or_rarely(lookups, [])), *others]
        config["indexes"] = {name: {"unique": False} for name in indexed}
    identifier = draw(_or_rarely(None, "Key__c", "Uuid__c", "Account__Key__c"))
    return {**config, "upsert_field": identifier} if identifier else config


def documents() -> st.SearchStrategy[dict[str, Any]]:
    """Documents of up to three mappings for such orgs."""
    names = _or_rarely("Account", "Contact", "Thing__c", *_NAMES[3:], "Nothing__c")
    mapping = st.fixed_dictionaries({"object_name": names, "config": _configs()})
    several = st.lists(
        mapping, min_size=1, max_size=3, unique_by=lambda each: str(each["object_name"]).lower()
    )
    return several.map(lambda mappings: {"version": 1, "mappings": mappings})
