"""The comparison itself, a pure function: what Heroku has against our rows.

The rows are read twice, before and after the calls. An add-on is unknown only if it is in neither,
and a row says something only if it is in both unchanged. So work that goes on at the same time
counts as no difference.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from connect import addons
from connect.clients.heroku import Addon
from connect.clients.heroku_connect import ConnectionSummary
from connect.models import Connection, DiscrepancyKind, Stage

_GONE = ("deprovisioning", "deprovisioned")
_COSTS = "It costs money, and nothing watches it."


@dataclass(frozen=True)
class Difference:
    """One difference: `addon` is what Heroku has, `row` what we have; one of them may be None."""

    kind: DiscrepancyKind
    text: str
    addon: Addon | None = None
    summary: ConnectionSummary | None = None
    row: Connection | None = None

    @property
    def key(self) -> str:
        """The same for the same thing in each comparison."""
        if self.row is not None:
            return f"connection:{self.row.pk}"
        return self.addon.id if self.addon else ""


class _Rows:
    """Rows by what they call their add-on."""

    def __init__(self, rows: Iterable[Connection]) -> None:
        self.all = {row.pk: row for row in rows}
        held = [row for row in self.all.values() if row.addon_requested_at]
        self._by_id = {row.addon_id: row for row in held if row.addon_id}
        self._by_name = {row.addon_name: row for row in held if row.addon_name}

    def of(self, addon: Addon) -> Connection | None:
        """Return the row that uses an add-on."""
        return self._by_id.get(addon.id) or self._by_name.get(addon.name)


def find(
    host_app_id: int,
    listed: Sequence[Addon],
    summaries: Iterable[ConnectionSummary],
    before: Iterable[Connection],
    after: Iterable[Connection],
) -> list[Difference]:
    """Return every difference between a host app and our rows that are not off-boarded.

    The rows are those of all host apps: an add-on that one of them uses is not unknown.
    """
    ours = [each for each in listed if is_of_interest(each)]
    by_name = {each.resource_name: each for each in summaries}
    then, now = _Rows(before), _Rows(after)
    used = {row.pk: each for each in ours if (row := now.of(each))}
    unknown = [each for each in ours if not (now.of(each) or then.of(each))]
    own = [row for row in now.all.values() if row.host_app_id == host_app_id]
    stable = [row for row in own if _is_stable(row, then.all.get(row.pk))]
    return [
        *(_unknown(each, by_name, now, used) for each in unknown),
        *_of_rows(stable, used, by_name),
    ]


def is_of_interest(addon: Addon) -> bool:
    """Return whether an add-on is of Heroku Connect, and there; an app has others too."""
    known = addons.is_of_connect(addon.plan) or addons.owner_of(addon.name)
    return bool(known) and addon.state not in _GONE


def _is_stable(row: Connection, before: Connection | None) -> bool:
    """Return whether a row has an add-on, and nothing was done to it during the calls."""
    names = ("stage", "addon_id", "addon_name", "connection_id", "region_url")
    same = before and all(getattr(row, name) == getattr(before, name) for name in names)
    return bool(same and row.addon_id) and row.stage not in (
        Stage.CREATING_ADDON,
        Stage.OFFBOARDING,
    )


def _unknown(
    addon: Addon, by_name: Mapping[str, ConnectionSummary], now: _Rows, used: Mapping[int, Addon]
) -> Difference:
    owner, summary = addons.owner_of(addon.name), by_name.get(addon.name)
    rows = [row for row in now.all.values() if owner and row.tenant.org_id == owner.org_id]
    second = next((used[row.pk] for row in rows if row.pk in used), None)
    if second:
        text = f"{addon.name} is a second add-on of {rows[0].tenant}, which uses {second.name}."
        return Difference(DiscrepancyKind.DOUBLED, f"{text} {_COSTS}", addon, summary)
    whose = f"the org {owner.org_id}" if owner else "no org: the portal did not name it"
    text = f"Heroku has the add-on {addon.name} ({addon.plan}) of {whose}. No row uses it. {_COSTS}"
    return Difference(DiscrepancyKind.ORPHAN, text, addon, summary)


def _of_rows(
    rows: Iterable[Connection],
    used: Mapping[int, Addon],
    by_name: Mapping[str, ConnectionSummary],
) -> Iterator[Difference]:
    for row in rows:
        addon = used.get(row.pk)
        if addon is None:
            way = _way_out(row, "Start over, or off-board the tenant.")
            text = f"Heroku has no add-on {row.addon_name}. {way}"
            yield Difference(DiscrepancyKind.MISSING, text, row=row)
            continue
        summary = by_name.get(addon.name)
        if row.connection_id and summary is None:
            way = _way_out(row, "Link again, or start over.")
            text = f"Heroku Connect lists no connection of {addon.name}. {way}"
            yield Difference(DiscrepancyKind.MISSING, text, addon, row=row)
        elif changes := _changes(row, addon, summary):
            text = f"Heroku calls them otherwise than the portal: {'; '.join(changes)}."
            yield Difference(DiscrepancyKind.CHANGED, text, addon, summary, row)


def _way_out(row: Connection, usual: str) -> str:
    in_grace = "Its off-boarding cannot be undone any more: off-board it now."
    return in_grace if row.stage == Stage.GRACE else usual


def _changes(row: Connection, addon: Addon, summary: ConnectionSummary | None) -> list[str]:
    pairs = [("add-on", row.addon_name, addon.name), ("add-on id", row.addon_id, addon.id)]
    if row.connection_id and summary:
        pairs.append(("connection id", row.connection_id, summary.id))
        pairs.append(("region", row.region_url, summary.region_url))
    return [f"{what} {here} is now {there}" for what, here, there in pairs if here != there]
