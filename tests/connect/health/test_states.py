"""Every state of the documentation has its condition; a word never seen before breaks nothing."""

import pytest

from connect.health import states
from connect.models import Condition

H, W, P = Condition.HEALTHY, Condition.WORKING, Condition.PAUSED
D, U, B, A = (
    Condition.DEGRADED,
    Condition.UNKNOWN,
    Condition.BROKEN,
    Condition.NEEDS_AUTHORIZATION,
)


@pytest.mark.parametrize(
    ("state", "condition"),
    [
        ("NEW", W),
        ("NEED_AUTHENTICATION", A),
        ("IDLE", H),
        ("POLLING_DB_CHANGES", H),
        ("IMPORT_CONFIGURATION", W),
        ("BUSY", W),
        ("PAUSED", P),
        ("RECOVERY", W),
        ("SYSTEM_ERROR", B),
        ("DB_UNAVAILABLE", B),
        ("TOO_MANY_ROWS", B),
        ("UNAUTHORIZED", A),
        ("HEROKU_UNAUTH", B),
        ("INACTIVE_ORG", B),
        ("SYSTEM_ON_ICE", B),
        ("ICED", B),
        ("SOMETHING_NEW", U),
        ("", U),
    ],
)
def test_a_connections_state_has_its_condition(state: str, condition: Condition) -> None:
    assert states.of_connection(state) == condition


@pytest.mark.parametrize(
    ("words", "condition"),
    [
        ("DATA_SYNCED", H),
        (
            "INITIAL SCHEMA_CHANGED RESYNC RELOAD_TABLE POLLING_SF_CHANGES POLLING_SF_BULK "
            "POLLING_SF_FOR_DELETES WAIT_BULK_LOAD LOADING_BULK_JOB RESOLVE_EXTERNAL_IDS "
            "POLL_EXTERNAL_IDS WAIT_BULK_UPDATE APPLYING_BULK_UPDATE RECOVERY",
            W,
        ),
        ("BULK_LOAD_ERROR SYSTEM_ERROR DB_UNAVAILABLE BAD_CONFIG SYNC_REMOVED INACTIVE_ORG", B),
        ("UNAUTHORIZED", A),
        ("ABORTED", D),
        ("SOMETHING_NEW", U),
    ],
)
def test_a_mappings_state_has_its_condition(words: str, condition: Condition) -> None:
    assert {states.of_mapping(word) for word in words.split()} == {condition}


@pytest.mark.parametrize(
    ("state", "mappings", "condition"),
    [
        ("IDLE", [], H),
        ("IDLE", ["DATA_SYNCED", "DATA_SYNCED"], H),
        ("IDLE", ["DATA_SYNCED", "RELOAD_TABLE"], W),
        ("IDLE", ["DATA_SYNCED", "ABORTED"], D),
        ("IDLE", ["DATA_SYNCED", "BAD_CONFIG"], D),
        ("IDLE", ["BAD_CONFIG", "UNAUTHORIZED"], B),
        ("IDLE", ["DATA_SYNCED", "SOMETHING_NEW"], U),
        ("IDLE", ["BAD_CONFIG", "SOMETHING_NEW"], D),
        ("PAUSED", ["BAD_CONFIG"], P),
        ("UNAUTHORIZED", ["DATA_SYNCED"], A),
        ("SOMETHING_NEW", ["DATA_SYNCED"], U),
    ],
)
def test_a_connections_own_trouble_comes_before_its_mappings(
    state: str, mappings: list[str], condition: Condition
) -> None:
    assert states.overall(state, mappings) == condition


@pytest.mark.parametrize("state", [each for each in states.CONNECTIONS if states.is_broken(each)])
def test_a_broken_state_is_explained_in_a_sentence_and_the_remedy_is_left_to_others(
    state: str,
) -> None:
    text = states.meaning(state)
    assert text[0].isupper()
    assert text.endswith(".")
    assert "estart" not in text
    assert "ticket" not in text
