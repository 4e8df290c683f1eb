import pytest
from django.db import connection as database
from hypothesis import given
from hypothesis import strategies as st

from connect import schemas
from tenants import orgid

IDS = st.from_regex(r"00D[0-9A-Za-z]{12}", fullmatch=True).map(orgid.normalize)


def test_a_schema_is_named_for_org_and_generation() -> None:
    assert schemas.name_for("00DB00000002NDmMAM", 3) == "sf_00db00000002ndmmam_3"


@given(IDS, IDS, st.integers(1, 99_999), st.integers(1, 99_999))
def test_two_connections_never_share_a_schema(
    org: str, other: str, generation: int, later: int
) -> None:
    same = (org, generation) == (other, later)
    assert (schemas.name_for(org, generation) == schemas.name_for(other, later)) is same


@pytest.mark.parametrize(
    "name",
    [
        "",
        "public",
        "sf_00db00000002ndmmam_0",
        "sf_00db00000002ndmmam",
        'sf_00db00000002ndmmam_1"; DROP SCHEMA public; --',
        "sf_00db00000002ndmmam_1\n",
        "SF_00DB00000002NDMMAM_1",
    ],
)
def test_no_other_name_is_taken_for_a_tenants_schema(name: str) -> None:
    with pytest.raises(schemas.BadSchemaName):
        schemas.drop(name, "default")


@pytest.mark.django_db
def test_dropping_takes_one_tenants_schema_and_no_other() -> None:
    mine, other = (schemas.name_for("00D7Q000004dUn1UAE", number) for number in (1, 2))
    with database.cursor() as cursor:
        for name in (mine, other):
            cursor.execute(f'CREATE SCHEMA "{name}"')
            cursor.execute(f'CREATE TABLE "{name}".account (id int)')
        schemas.drop(mine, "default")
        schemas.drop(mine, "default")
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname IN (%s, %s)", [mine, other])
        assert cursor.fetchall() == [(other,)]
