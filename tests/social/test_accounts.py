"""Where a tenant's Accounts are is read from its mappings; and every reason not to touch them."""

from typing import Any

import pytest

from social import accounts, tenant_tables
from tests import cast
from tests.social.live_tenants import Live, go_live

pytestmark = pytest.mark.django_db


def tables(live: Live) -> tenant_tables.TenantTables:
    """Read the tenant's tables again."""
    (connection,) = accounts.live()
    return tenant_tables.tables_of(connection)


def test_accounts_are_read_under_the_tenants_namespace() -> None:
    live = go_live(cast.CIRRUS, "@Stratus", None, "", "https://x.com/nimbus")
    found = accounts.read(tables(live))
    assert sorted(found.by_handle) == ["nimbus", "stratus"]
    assert tables(live).handle_column == "hcmc__twitter__c"
    assert tables(live).columns["body"] == "hcmc__body__c"


def test_accounts_that_share_a_handle_leave_it_to_the_oldest() -> None:
    live = go_live(cast.ACME)
    first, *_ = live.add_accounts("acme", "@ACME", "x.com/acme", "other")
    found = accounts.read(tables(live))
    assert found.by_handle["acme"] == first
    assert (found.count, found.shared) == (4, 2)


def test_refused_handles_are_listed_with_their_account_and_the_reason() -> None:
    live = go_live(cast.ACME)
    _, bad = live.add_accounts("acme", "acme OR from:x")
    found = accounts.read(tables(live))
    assert list(found.by_handle) == ["acme"]
    assert found.refused == [
        {
            "account": bad,
            "handle": "acme OR from:x",
            "why": "more than one word: a field holds one handle",
        }
    ]


def test_of_many_refused_handles_the_first_are_listed_and_all_are_counted() -> None:
    found = accounts.parse_rows((f"001{number}", "not a handle") for number in range(50))
    assert (len(found.refused), found.refused_count) == (20, 50)


def test_accounts_in_the_recycle_bin_or_not_yet_in_salesforce_are_left_out() -> None:
    live = go_live(cast.ACME, "acme", "gone")
    live.rows("UPDATE {s}.account SET isdeleted = true WHERE twitter__c = 'gone'")
    live.rows("INSERT INTO {s}.account (name, twitter__c) VALUES ('New', 'fresh')")
    assert list(accounts.read(tables(live)).by_handle) == ["acme"]


def test_the_external_id_is_used_where_it_is_mapped() -> None:
    live = go_live(cast.ACME, tweet_id=True)
    assert tables(live).key == "post_id"
    assert tables(live).columns["post_id"] == "tweet_id__c"


def test_a_package_without_it_goes_by_the_body() -> None:
    assert tables(go_live(cast.ACME)).key == "body"


def unmapped(live: Live, object_name: str) -> None:
    live.mapping(object_name).delete()


def without_field(live: Live, object_name: str, field: str) -> None:
    mapping = live.mapping(object_name)
    del mapping.config["fields"][field]
    mapping.save()


def with_facts(live: Live, which: str, **facts: Any) -> None:
    row = live.mapping(which)
    type(row).objects.filter(pk=row.pk).update(**facts)


@pytest.mark.parametrize(
    ("object_name", "why"),
    [("Account", "Account is not mapped"), ("Tweet__c", "Tweet__c is not mapped")],
)
def test_nothing_is_done_without_the_mapping(object_name: str, why: str) -> None:
    live = go_live(cast.ACME)
    unmapped(live, object_name)
    with pytest.raises(tenant_tables.TenantSkipped, match=why):
        tables(live)


@pytest.mark.parametrize(
    ("object_name", "field"), [("Account", "Twitter__c"), ("Tweet__c", "Body__c")]
)
def test_nothing_is_done_without_a_required_field(object_name: str, field: str) -> None:
    live = go_live(cast.ACME)
    without_field(live, object_name, field)
    with pytest.raises(tenant_tables.TenantSkipped, match=f"lacks {field}"):
        tables(live)


def test_fields_that_are_not_required_may_be_missing() -> None:
    live = go_live(cast.ACME)
    without_field(live, "Tweet__c", "Likes__c")
    assert "likes" not in tables(live).columns


@pytest.mark.parametrize(
    ("facts", "why"),
    [({"access": "read_only"}, "read_only"), ({"state": "BAD_CONFIG"}, "state BAD_CONFIG")],
)
def test_nothing_is_done_where_posts_would_not_leave(facts: dict[str, str], why: str) -> None:
    live = go_live(cast.ACME)
    with_facts(live, "Tweet__c", **facts)
    with pytest.raises(tenant_tables.TenantSkipped, match=why):
        tables(live)


@pytest.mark.parametrize(
    ("state", "why"),
    [("PAUSED", "it is paused"), ("TOO_MANY_ROWS", "TOO_MANY_ROWS"), ("UNAUTHORIZED", "UNAUTH")],
)
def test_nothing_is_done_while_the_connection_rests(state: str, why: str) -> None:
    live = go_live(cast.ACME)
    live.connection.state = state
    live.connection.save()
    with pytest.raises(tenant_tables.TenantSkipped, match=why):
        tables(live)


def test_another_packages_object_of_the_same_name_is_not_ours() -> None:
    live = go_live(cast.ACME)
    with_facts(live, "Tweet__c", object_name="other__Tweet__c")
    with pytest.raises(tenant_tables.TenantSkipped, match="Tweet__c is not mapped"):
        tables(live)
