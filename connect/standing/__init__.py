"""What is said of a connection, to staff and to the subscriber: one function decides it."""

from connect.standing.facts import Facts, OpenIncident
from connect.standing.judging import Standing, judge
from connect.standing.reading import (
    asked,
    facts_of,
    of,
    of_asked,
    of_many,
    of_tenant,
    without_connection,
)
from connect.standing.selecting import (
    TO_AUTHORIZE_AGAIN,
    case_of,
    counts,
    labels,
    with_word,
    words,
    worst,
)
from connect.standing.states import every
from connect.standing.words import OF_LIVE, TONES, Tone, Word
from tenants.progress import Button, ForSubscriber

__all__ = [
    "OF_LIVE",
    "TONES",
    "TO_AUTHORIZE_AGAIN",
    "Button",
    "Facts",
    "ForSubscriber",
    "OpenIncident",
    "Standing",
    "Tone",
    "Word",
    "asked",
    "case_of",
    "counts",
    "every",
    "facts_of",
    "judge",
    "labels",
    "of",
    "of_asked",
    "of_many",
    "of_tenant",
    "with_word",
    "without_connection",
    "words",
    "worst",
]
