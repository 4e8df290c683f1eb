"""Posts in a tenant's table: each once, captured by the triggers, hostile ones unharmed."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import Error as DatabaseError
from django.db import connection as database
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from social import accounts, post_table, tenant_tables
from social.models import Post
from social.post_table import WriteCounts
from tests import cast
from tests.social.live_tenants import Live, go_live

AT = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def row(post_id: int, body: str, account: str = "001A", **more: Any) -> post_table.PostRow:
    """A row for write()."""
    facts = {"author": "Acme", "posted_at": AT, "likes": 1, "reposts": 2, **more}
    return post_table.row_of(Post(id=post_id, body=body, **facts), account)


def write(live: Live, *rows: post_table.PostRow) -> WriteCounts:
    """Write rows into the tenant's table."""
    (connection,) = accounts.live()
    return post_table.write(tenant_tables.tables_of(connection), rows)


@pytest.fixture(params=[True, False], ids=["external id", "body key"])
def live(request: pytest.FixtureRequest, db: None) -> Live:
    """Acme, with each generation of the package."""
    return go_live(cast.ACME, tweet_id=request.param)


def test_a_post_is_written_with_all_that_is_known_of_it(live: Live) -> None:
    assert write(live, row(7, "Hello")) == WriteCounts(1, 0)
    assert live.posts() == [("001A", "Acme", "Hello", 1.0, 2.0)]
    assert live.rows("SELECT time__c FROM {s}.tweet__c") == [(AT.replace(tzinfo=None),)]


def test_heroku_connect_picks_it_up(live: Live) -> None:
    with database.cursor() as cursor:  # as if the session was used before
        cursor.execute("SET xmlbinary = 'hex'")
        write(live, row(7, "Hello"))
        cursor.execute("SET xmlbinary = 'base64'")
    assert live.log() == [("NEW", "INSERT", "tweet__c")]
    assert live.rows("SELECT sfid, _hc_lastop FROM {s}.tweet__c") == [(None, "PENDING")]


def test_a_known_post_is_left_as_it_is(live: Live) -> None:
    write(live, row(7, "Hello"))
    assert write(live, row(7, "Hello")) == WriteCounts(0, 0)
    assert len(live.log()) == 1


def test_the_counts_of_a_known_post_are_updated(live: Live) -> None:
    write(live, row(7, "Hello"))
    assert write(live, row(7, "Hello", likes=9), row(8, "New")) == WriteCounts(1, 1)
    assert [(body, likes) for _, _, body, likes, _ in live.posts()] == [("Hello", 9), ("New", 1)]
    assert [action for _, action, _ in live.log()] == ["INSERT", "UPDATE", "INSERT"]


def test_posts_from_before_their_id_was_mapped_get_it_and_do_not_come_twice(db: None) -> None:
    live = go_live(cast.ACME, tweet_id=True)
    mapping = live.mapping("Tweet__c")
    fields = dict(mapping.config["fields"])
    del mapping.config["fields"]["Tweet_Id__c"]
    mapping.save()
    write(live, row(7, "Hello"), row(8, "Other"))
    live.rows(
        "INSERT INTO {s}.tweet__c (body__c, time__c) VALUES ('HELLO', %s)", AT.replace(tzinfo=None)
    )
    mapping.config["fields"] = fields
    mapping.save()
    written = write(live, row(7, "Hello", likes=9), row(9, "Other", posted_at=AT.replace(day=24)))
    assert written == WriteCounts(1, 1)
    found = live.rows("SELECT body__c, tweet_id__c, likes__c FROM {s}.tweet__c ORDER BY id")
    # Of two rows with the text, the older one gets the id. Another time means another post.
    assert found == [
        ("Hello", "7", 9),
        ("Other", None, 1),
        ("HELLO", None, None),
        ("Other", "9", 1),
    ]


def test_a_post_that_salesforce_refused_is_not_updated(live: Live) -> None:
    write(live, row(7, "Hello"))
    with database.cursor() as cursor:
        cursor.execute("SET xmlbinary = 'hex'")
        live.rows("UPDATE {s}.tweet__c SET _hc_lastop = 'FAILED', _hc_err = 'duplicate'")
        cursor.execute("SET xmlbinary = 'base64'")
    assert write(live, row(7, "Hello", likes=9)) == WriteCounts(0, 0)


def test_without_columns_for_counts_none_are_written(live: Live) -> None:
    mapping = live.mapping("Tweet__c")
    for name in ("Likes__c", "Retweets__c", "Time__c"):
        del mapping.config["fields"][name]
    mapping.save()
    assert write(live, row(7, "Hello")) == WriteCounts(1, 0)
    assert write(live, row(7, "Hello", likes=9)) == WriteCounts(0, 0)


def test_with_the_external_id_equal_texts_are_two_posts(db: None) -> None:
    live = go_live(cast.ACME, tweet_id=True)
    assert write(live, row(7, "Thanks!"), row(8, "Thanks!")) == WriteCounts(2, 0)
    assert live.rows("SELECT tweet_id__c FROM {s}.tweet__c ORDER BY 1") == [("7",), ("8",)]


def test_without_it_equal_texts_are_one_record_as_salesforce_compares_them(db: None) -> None:
    live = go_live(cast.ACME)
    assert write(live, row(7, "Thanks!"), row(8, "THANKS!")) == WriteCounts(1, 0)
    later = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
    assert write(live, row(9, "thanks!", likes=50, posted_at=later)) == WriteCounts(0, 0)
    assert live.posts() == [("001A", "Acme", "Thanks!", 1.0, 2.0)]


HOSTILE = {
    "quotes": """It's "quoted", `ticked` and \\escaped\\""",
    "SQL": "'); DROP TABLE tweet__c; --",
    "COPY's own marks": "\\N \\. \t tab \n line \r return",
    "placeholders": "%s %(name)s {} {schema} $1 :name",
    "4 bytes a character": "😀🎉𝔘𝔫𝔦𝔠𝔬𝔡𝔢",
    "right to left": "\u202eevil\u202c שלום \u200fمرحبا\u200e",
    "markup": "<script>alert(1)</script> &amp; <!--",
    "other controls": "\x01\x07\x1b[31m\x7f",
    "hstore's own marks": '"body__c"=>NULL, "sfid"=>"001"',
    "byte order mark": "a\ufeffb",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_post_arrives_as_it_is(live: Live, text: str) -> None:
    write(live, row(7, post_table.body_of(text), author=text[:50]))
    assert live.bodies() == [text]


def test_nul_and_half_characters_are_taken_out() -> None:
    assert post_table.body_of("a\0b") == "ab"
    assert post_table.body_of("a\ud83db") == "a\ufffdb"


def test_a_text_of_nothing_but_that_is_empty() -> None:
    assert post_table.body_of(" \0 ") == ""


FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
FLAG = "\U0001f1e9\U0001f1ea"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("x" * 10_000, "x" * 255),
        ("😀" * 300, "😀" * 255),
        ("x" * 255, "x" * 255),
        ("x" * 254 + "e\u0301" + "x", "x" * 254),
        ("x" * 253 + FAMILY + "x", "x" * 253),
        ("x" * 254 + FLAG + "x", "x" * 254),
        ("x" * 253 + FLAG + FLAG, "x" * 253 + FLAG),
        ("x" * 254 + "👍\U0001f3fe", "x" * 254),
        ("e" + "\u0301" * 9_999, "e" + "\u0301" * 254),
    ],
)
def test_a_long_text_is_cut_between_characters(text: str, kept: str) -> None:
    assert post_table.body_of(text) == kept


@given(st.text(max_size=600))
def test_every_text_fits_and_can_be_stored(text: str) -> None:
    body = post_table.body_of(text)
    assert len(body) <= 255
    assert "\0" not in body
    body.encode()
    assert post_table.body_of(body) == body.strip()


def test_a_write_is_whole_or_not_at_all(live: Live) -> None:
    long = row(8, "x" * 300)
    with pytest.raises(DatabaseError), transaction.atomic():
        write(live, row(7, "Hello"), long)
    assert live.posts() == []


def test_one_write_follows_another_in_the_same_session(db: None) -> None:
    live = go_live(cast.ACME)
    write(live, row(7, "Hello"))
    write(live, row(8, "Again"))
    assert live.bodies() == ["Again", "Hello"]


def test_search_path_and_other_tenants_are_left_alone(db: None) -> None:
    live = go_live(cast.ACME, tweet_id=True)
    other = go_live(cast.CIRRUS, tweet_id=True)
    tables = tenant_tables.tables_of(next(c for c in accounts.live() if c.pk == live.connection.pk))
    with database.cursor() as cursor:
        cursor.execute("SHOW search_path")
        before = cursor.fetchone()
        post_table.write(tables, [row(7, "Hello")])
        cursor.execute("SHOW search_path")
        assert cursor.fetchone() == before
    assert (live.bodies(), other.bodies()) == (["Hello"], [])
