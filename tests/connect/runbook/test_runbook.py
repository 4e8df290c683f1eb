"""Every reason that the portal can name has an entry in the runbook, and no text is empty."""

import pytest
from django.db.models import TextChoices

from connect import remedies, runbook, standing
from connect.models import BlockedKind, Condition, IncidentKind, RepairResult, Stage
from connect.runbook import Entry, words
from connect.standing import Standing

ENTRIES = [entry for chapter in runbook.chapters() for entry in chapter.entries]
ANCHORS = [each.anchor for each in ENTRIES]
REASONS: list[TextChoices] = [*BlockedKind, *IncidentKind, *Stage, *Condition]
SEEN = [seen for _, seen in standing.every()]


def test_no_reason_is_without_an_entry() -> None:
    assert {remedies.entry_of(each) for each in REASONS} <= set(ANCHORS)
    assert {f"repair-{each.name.lower()}" for each in RepairResult} <= set(ANCHORS)
    assert len(ANCHORS) == len(set(ANCHORS))


@pytest.mark.parametrize("entry", ENTRIES, ids=ANCHORS)
def test_no_text_is_empty_or_half_a_sentence(entry: Entry) -> None:
    texts = (entry.means, entry.portal, entry.press, entry.subscriber, entry.ask)
    assert [each for each in (entry.title, *texts) if not each.strip()] == []
    assert [each for each in texts if not each.endswith((".", "?", "!"))] == []


@pytest.mark.parametrize("seen", SEEN, ids=[each.key for each in SEEN])
def test_every_state_of_a_connection_leads_to_its_entry(seen: Standing) -> None:
    assert runbook.anchor_of(seen) in ANCHORS


@pytest.mark.parametrize("seen", SEEN, ids=[each.key for each in SEEN])
def test_the_entry_names_the_remedy_that_the_page_names(seen: Standing) -> None:
    entry = ENTRIES[ANCHORS.index(runbook.anchor_of(seen))]
    # Before its connection, and after its proof, the portal continues by itself.
    if seen.key not in ("new", "live.unseen.unknown"):
        assert entry.remedy == seen.remedy


def test_what_the_portal_does_by_itself_has_the_times_of_the_healing() -> None:
    entry = ENTRIES[ANCHORS.index("incident-system_error")]
    assert entry.portal == (
        "It restarts what is affected, at once and again after 10 min, 30 min and 2 h. "
        "Then it asks for a person."
    )


def test_the_words_are_of_reasons_that_exist() -> None:
    tables = (words.BLOCKED, words.INCIDENTS, words.STAGES, words.CONDITIONS)
    assert [set(table) for table in tables] == [
        set(BlockedKind),
        set(IncidentKind),
        set(Stage),
        set(Condition),
    ]
