"""The choice of the host app for a new connection. No calls, no clock, no database."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# "HC_<org id>_<n>_URL" and "<config var>:sf_<org id>_<n>", without the config var and both n.
_FIXED_BYTES = 49
MAX_REASONS = 3  # in a refusal: that many fit into the column of what a connection waits for


def config_bytes(config_var: str, generation: int = 1) -> int:
    """Return how many bytes one add-on takes of its app's config vars, its name included."""
    return _FIXED_BYTES + len(config_var) + 2 * len(str(generation))


@dataclass(frozen=True)
class Room:
    """What a host app holds and could hold. `plan` is "" where it takes every plan.

    `is_ready`: all that tenants need was found. `is_away`: its tenants' database does not answer.
    """

    id: int
    name: str
    region: str
    plan: str
    database: str
    config_var: str
    addons: int
    max_addons: int
    config_bytes: int
    max_config_bytes: int
    accepts: bool = True
    is_ready: bool = True
    is_away: bool = False

    @property
    def free(self) -> int:
        """How many more add-ons fit, open or not."""
        by_bytes = (self.max_config_bytes - self.config_bytes) // config_bytes(self.config_var)
        return max(min(self.max_addons - self.addons, by_bytes), 0)

    @property
    def is_open(self) -> bool:
        """Whether it takes new tenants, as long as it has room."""
        return self.accepts and self.is_ready

    @property
    def used(self) -> float:
        """The share of its room that is used, 0 to 1."""
        return self.addons / (self.addons + self.free) if self.addons + self.free else 1.0


@dataclass(frozen=True)
class Wanted:
    """What a connection needs. `region` and `database` are those of the tenant's data until now,
    "" for a new tenant."""

    plan: str
    region: str = ""
    database: str = ""


@dataclass(frozen=True)
class Choice:
    """The host app, or None and why there is none."""

    room: Room | None
    refusal: str = ""


def choose(rooms: Iterable[Room], wanted: Wanted) -> Choice:
    """Choose the emptiest host app that fits; of equals the first by name."""
    rooms = sorted(rooms, key=lambda room: (room.used, room.name))
    reasons = [(room, refusal_of(room, wanted)) for room in rooms]
    fitting = [room for room, reason in reasons if not reason]
    if fitting:
        return Choice(fitting[0])
    return Choice(None, _in_words([(room.name, reason) for room, reason in reasons]))


def refusal_of(room: Room, wanted: Wanted) -> str:
    """Return "" if a host app can take a connection, else why not."""
    if not room.is_ready:
        return "is not ready"
    if not room.accepts:
        return "accepts no new tenants"
    if room.plan not in ("", wanted.plan):
        return f"takes {room.plan} only"
    if wanted.region not in ("", room.region):
        return f"is in {room.region} and not in {wanted.region}"
    if wanted.database not in ("", room.database):
        return f"has not the database {wanted.database}"
    if room.is_away:
        return f"has a database that does not answer ({room.database})"
    return "" if room.free else "is full"


def _in_words(reasons: Sequence[tuple[str, str]]) -> str:
    """Return the reasons that most host apps have, with one host app for each."""
    if not reasons:
        return "there is no host app"
    having: dict[str, list[str]] = {}
    for name, reason in sorted(reasons):
        having.setdefault(reason, []).append(name)
    common = sorted(having.items(), key=lambda found: (-len(found[1]), found[1]))
    said = [_of_these(names, reason) for reason, names in common[:MAX_REASONS]]
    return ", ".join([*said, "and others"] if len(common) > MAX_REASONS else said)


def _of_these(names: Sequence[str], reason: str) -> str:
    more = f" (and {len(names) - 1:,} more)" if names[1:] else ""
    return f"{names[0]} {reason}{more}"
