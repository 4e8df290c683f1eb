"""Mapping documents for the property tests: well-formed ones, and anything at all."""

from typing import Any

from hypothesis import strategies as st

NAMES = st.sampled_from(
    ["Account", "Contact", "User", "Tweet__c", "ns__Tweet__c", "Order__c", "Lead", "Case"]
)
FIELDS = st.sampled_from(
    ["Id", "Name", "CreatedDate", "IsDeleted", "SystemModstamp", "Phone", "ns__Body__c", "Key__c"]
)


def _unlike(name: str) -> str:
    return name.lower()


def configs() -> st.SearchStrategy[dict[str, Any]]:
    """Configurations as Heroku Connect could export them; anything but the fields may lack."""
    return st.fixed_dictionaries(
        {"fields": st.lists(FIELDS, unique_by=_unlike).map(lambda each: {f: {} for f in each})},
        optional={
            "access": st.sampled_from(["read_only", "read_write"]),
            "sf_notify_enabled": st.booleans(),
            "sf_polling_seconds": st.integers(60, 3600),
            "sf_max_daily_api_calls": st.integers(0, 100_000),
            "upsert_field": st.none() | FIELDS,
            "indexes": st.dictionaries(FIELDS, st.fixed_dictionaries({"unique": st.booleans()})),
            "revision": st.integers(),
        },
    )


def documents() -> st.SearchStrategy[dict[str, Any]]:
    """Documents in which each object is mapped once."""
    mapping = st.fixed_dictionaries({"object_name": NAMES, "config": configs()})
    return st.lists(mapping, unique_by=lambda each: str(each["object_name"]).lower()).map(
        lambda mappings: {"version": 1, "mappings": mappings}
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=25,
)


def nonsense() -> st.SearchStrategy[dict[str, Any]]:
    """Anything that is one JSON object, often shaped almost like a document."""
    config = st.dictionaries(
        st.sampled_from(["access", "fields", "indexes", "upsert_field", "sf_polling_seconds"]), JSON
    )
    mapping = st.fixed_dictionaries(
        {}, optional={"object_name": JSON | NAMES, "config": JSON | config}
    )
    almost = st.fixed_dictionaries({"mappings": st.lists(mapping | JSON) | JSON})
    return almost | st.dictionaries(st.text(), JSON)
