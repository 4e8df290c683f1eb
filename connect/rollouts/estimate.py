"""What a roll-out will cost, before it is made: calls to Heroku Connect, and rows read again."""

import math
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from connect.holds import CALLS_PER_RUN
from connect.mappings import changes, diff, placeholders
from connect.mappings.changes import Change, ChangeKind
from connect.mappings.documents import MappingDocument
from connect.models import Connection, MappingTemplate, Prune, Rollout, RolloutKind
from connect.models import Mapping as SeenMapping
from connect.rollouts.kinds import KINDS

NOTHING: MappingDocument = {"version": 1, "mappings": []}
_UNCOUNTED = Q(rows_in_salesforce=None, rows_in_database=None)
_Rows = dict[int | None, dict[str, int]]  # by version and by the name of an object in a version


@dataclass(frozen=True)
class Estimate:
    """`calls` and `rows` are the least that is to be expected.

    `uncounted` are mappings whose rows nobody has counted, `loads` are new objects by name, and
    `deletes` says whether mapped objects are deleted.
    """

    calls: int
    rows: int
    uncounted: int
    loads: list[str]
    deletes: bool

    @property
    def hours(self) -> int:
        """The hours for which the calls of all roll-outs are used up by this one, rounded up."""
        return math.ceil(self.calls / settings.MAPPING_CALLS_PER_HOUR)


def of(rollout: Rollout, connections: Collection[Connection]) -> Estimate:
    """Return what an unsaved roll-out will cost for these connections. At most three queries."""
    calls = len(connections) * _runs(rollout) * CALLS_PER_RUN
    if rollout.template is None:
        return Estimate(calls, rows=0, uncounted=0, loads=[], deletes=False)
    rows, uncounted = _rows(connections)
    found = _changes(rollout.template, {each.template_id for each in connections})
    # By name, since the versions that tenants have now often lack the same object.
    loads = {
        each.object_name
        for changed in found.values()
        for each in changed
        if each.kind == ChangeKind.OBJECT_ADDED
    }
    read = sum(changes.rows_read(found[version], known) for version, known in rows.items())
    return Estimate(calls, read, uncounted, sorted(loads), rollout.prune != Prune.KEEP)


def _runs(rollout: Rollout) -> int:
    """Return how often each tenant is worked on at least: for its check, and for each step."""
    steps = len(KINDS[RolloutKind(rollout.kind)].steps)
    skips = rollout.kind == RolloutKind.MAPPINGS and rollout.prune == Prune.KEEP
    return 1 + steps - (1 if skips else 0)


def _changes(
    target: MappingTemplate, versions: Collection[int | None]
) -> Mapping[int | None, list[Change]]:
    known = MappingTemplate.objects.in_bulk([each for each in versions if each])
    had = {each: known[each].document if each else NOTHING for each in versions}
    return {each: diff.compare(document, target.document) for each, document in had.items()}


def _rows(connections: Collection[Connection]) -> tuple[_Rows, int]:
    """Return the rows of the mapped objects, and of how many mappings they are not known."""
    rows: _Rows = defaultdict(lambda: defaultdict(int))
    uncounted = 0
    for version, namespace, name, known, unknown in _counted(connections):
        rows[version][placeholders.in_version(name, namespace).lower()] += known or 0
        uncounted += unknown
    return rows, uncounted


def _counted(
    connections: Collection[Connection],
) -> QuerySet[SeenMapping, tuple[int | None, str, str, int | None, int]]:
    groups = ("connection__template", "connection__tenant__namespace", "object_name")
    mappings = SeenMapping.objects.filter(connection__in=[each.pk for each in connections])
    found: QuerySet[SeenMapping, tuple[int | None, str, str, int | None, int]]
    found = (
        mappings.order_by()
        .values_list(*groups)
        .annotate(
            known=Sum(Coalesce("rows_in_salesforce", "rows_in_database")),
            unknown=Count("pk", filter=_UNCOUNTED),
        )
    )
    return found
