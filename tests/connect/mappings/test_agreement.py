"""Generated documents and orgs: the linter and the emulated Heroku Connect agree on each.

What the linter passes must not end BAD_CONFIG, and what it refuses must be refused or spoiled.
"""

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.connect.fleet import Fleet
from tests.connect.mappings.comparing import Bench, Objects
from tests.connect.mappings.pairs import documents, orgs

pytestmark = pytest.mark.django_db


def compare(bench: Bench, examples: int) -> Counter[str]:
    """Compare so many generated pairs; return how many were passed and refused."""
    counts: Counter[str] = Counter()
    # Each pair is an example of its own, and nothing is kept between runs.
    chosen = settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )

    @chosen
    @given(orgs(), documents())
    def one(org: Objects, document: dict[str, Any]) -> None:
        bench.give(org)
        verdict = bench.compare(document)
        counts["refused" if verdict.linted else "passed"] += 1
        assert verdict.agrees, verdict

    one()
    return counts


@pytest.fixture
def bench(fleet: Fleet) -> Bench:
    return Bench(fleet, fleet.add())


def test_a_few_pairs_agree(bench: Bench) -> None:
    counts = compare(bench, 40)
    assert counts["passed"]
    assert counts["refused"]


@pytest.mark.thorough
def test_two_thousand_pairs_agree(bench: Bench) -> None:
    counts = compare(bench, 2000)
    assert counts.total() >= 2000
    assert min(counts["passed"], counts["refused"]) > 200
