"""What must hold after a storm: asked of the database, of the emulator, and of the mails."""

import email
from collections import Counter
from dataclasses import dataclass
from email import policy
from itertools import pairwise
from typing import LiteralString

from psycopg import sql

from connect.models import Stage
from connect.provisioning.stages import IllegalTransition, check_transition
from demo.actors.emulator import Emulator
from demo.stack import Stack
from tests.chaos import books

_MAIL_RULE = "\n" + "-" * 79 + "\n"  # Django's file backend writes it after each mail

# Each counts rows that wait for somebody: nothing of it may be left in the end.
STUCK: dict[str, LiteralString] = {
    "connections on their way": "SELECT count(*) FROM connect_connection"
    " WHERE stage NOT IN ('live', 'offboarded') AND blocked_at IS NULL",
    "leases": "SELECT count(*) FROM connect_connection WHERE lease IS NOT NULL",
    "roll-outs": "SELECT count(*) FROM connect_rollout WHERE status IN ('checking', 'running')",
    "tenants of roll-outs": "SELECT count(*) FROM connect_rolloutitem"
    " WHERE status IN ('checking', 'ready', 'working')",
    "runs": "SELECT count(*) FROM portal_bulkrun WHERE finished_at IS NULL",
    "actions": "SELECT count(*) FROM portal_bulkitem WHERE status IN ('waiting', 'running')",
    "e-mails": "SELECT count(*) FROM tenants_message WHERE status = 'queued'",
    "collections": "SELECT count(*) FROM social_collectionrun WHERE next_attempt_at IS NOT NULL",
    # Without a worker it is free again; where Redis has lost it, the sweep has found its row.
    "tasks of dead workers": "SELECT count(*) FROM portal_delivery"
    " WHERE worker <> '' AND taken_at < now() - interval '60 seconds'",
}
LOST: LiteralString = (
    "SELECT count(*) FROM tenants_tenant t WHERE NOT EXISTS (SELECT FROM connect_connection c"
    " WHERE c.tenant_id = t.id AND (c.stage IN ('live', 'offboarded') OR c.blocked_reason <> ''))"
)
WITHOUT_MAIL: LiteralString = (
    "SELECT count(*) FROM connect_connection c WHERE live_at IS NOT NULL AND NOT EXISTS"
    " (SELECT FROM tenants_message m WHERE m.tenant_id = c.tenant_id AND m.kind = 'live')"
)
# Each counts what is there twice.
DOUBLES: dict[str, LiteralString] = {
    "e-mails of one kind": "SELECT count(*) FROM (SELECT FROM tenants_message"
    " GROUP BY tenant_id, kind, subject HAVING count(*) > 1) AS doubled",
    "schedules": "SELECT count(*) FROM (SELECT FROM django_q_schedule"
    " GROUP BY func HAVING count(*) > 1) AS doubled",
    "seconds of health": "SELECT count(*) FROM"
    " (SELECT at - make_interval(secs => seconds) AS begun,"
    " lag(at) OVER (PARTITION BY connection_id ORDER BY at, id) AS earlier"
    " FROM connect_healthsample) AS sample WHERE begun < earlier - interval '0.5 seconds'",
    # A task that a dead worker had taken keeps its id: it counts once.
    "runs of a schedule": "SELECT coalesce(sum(greatest(0, runs - times)), 0)::int FROM"
    " (SELECT count(t.id) AS runs, 2 + floor(extract(epoch FROM max(t.started) - min(t.started))"
    " / 60 / coalesce(s.minutes, 1440)) AS times FROM django_q_schedule s"
    " JOIN django_q_task t ON t.group = s.name GROUP BY s.id) AS ran",
    "collections at the same time": "SELECT count(*) FROM social_collectionrun a"
    " JOIN social_collectionrun b ON b.started_at > a.started_at AND b.started_at < a.finished_at",
    "connections of a tenant": "SELECT count(*) FROM (SELECT FROM connect_connection"
    " GROUP BY tenant_id HAVING count(*) > 1) AS doubled",
}
_FAULTS: LiteralString = (
    "SELECT text FROM (SELECT text FROM tenants_event UNION ALL SELECT text FROM portal_bulkitem"
    " UNION ALL SELECT last_error FROM connect_rolloutitem) AS said"
    " WHERE text LIKE '%error in the portal itself%' ORDER BY text"
)
_STAGES: LiteralString = (
    "SELECT tenant_id, at, data->>'stage' FROM tenants_event"
    # A blocked event names its stage too, but does not enter it.
    " WHERE data ? 'stage' AND kind <> 'blocked' ORDER BY tenant_id, id"
)
_BLOCKS: LiteralString = (
    "SELECT text, count(*) FROM tenants_event WHERE kind = 'blocked' GROUP BY text ORDER BY text"
)


@dataclass(frozen=True)
class Line:
    """One line of the report: what was promised, and what was found."""

    part: str
    promise: str
    found: str
    holds: bool


def stuck(url: str) -> dict[str, int]:
    """Return what still waits, with its number."""
    found = {what: books.number(url, query) for what, query in STUCK.items()}
    return {what: count for what, count in found.items() if count}


def doubled(url: str) -> dict[str, int]:
    """Return what is there twice, with its number."""
    found = {what: books.number(url, query) for what, query in DOUBLES.items()}
    found["posts in a tenant's table"] = sum(
        _doubled_posts(url, schema) for schema in _schemas(url)
    )
    return {what: count for what, count in found.items() if count}


def _schemas(url: str) -> list[str]:
    live = "SELECT schema_name FROM connect_connection WHERE stage = 'live'"
    return [schema for (schema,) in books.rows(url, live)]


def _doubled_posts(url: str, schema: str) -> int:
    query = "SELECT count(*) - count(DISTINCT tweet_id__c) FROM {}"
    return books.number(url, sql.SQL(query).format(sql.Identifier(schema, "tweet__c")))


def addons_a_tenant(stack: Stack) -> float:
    """Return how many add-ons were made for a connection; the off-boarded ones have none left."""
    present = len(Emulator(stack.plan.emulator_url).call("GET", "/addons")["addons"])
    url = stack.database_url
    gone = books.number(url, "SELECT count(*) FROM connect_connection WHERE stage = 'offboarded'")
    return (present + gone) / books.number(url, "SELECT count(*) FROM connect_connection")


def imports_twice(stack: Stack) -> int:
    """Return how many connections took an import more than once since the calls were cleared."""
    calls = Emulator(stack.plan.emulator_url).call("GET", "/calls?path=actions/import$")["calls"]
    taken = Counter(each["path"] for each in calls if each["status"] == 202)
    return sum(count > 1 for count in taken.values())


def out_of_order(url: str) -> list[str]:
    """Return the steps of tenants' timelines that the product does not allow, as text."""
    wrong = []
    for earlier, later in pairwise(books.rows(url, _STAGES)):
        (tenant, at, stage), (next_tenant, next_at, next_stage) = earlier, later
        if tenant == next_tenant and (next_at < at or not _is_allowed(stage, next_stage)):
            wrong.append(f"tenant {tenant}: {stage} at {at}, then {next_stage} at {next_at}")
    return wrong


def _is_allowed(now: str, then: str) -> bool:
    # A lost grant leads back to the sign-in, for example.
    try:
        check_transition(Stage(now), Stage(then))
    except IllegalTransition:
        return False
    return True


def blocks(url: str) -> str:
    """Return why tenants were blocked for a time, and how often, as a sentence."""
    found = [f"{count} × {text}" for text, count in books.rows(url, _BLOCKS)]
    return f"Blocked on the way: {'; '.join(found) or 'nobody'}."


def faults(url: str) -> list[str]:
    """Return what staff read where the portal's own code is to blame."""
    return [text for (text,) in books.rows(url, _FAULTS)]


def delivered_twice(stack: Stack) -> int:
    """Return how many mails were handed to the provider more than once."""
    sent = Counter(
        (str(mail["To"]), str(mail["Subject"]))
        for file in stack.plan.mail.glob("*.log")
        for text in file.read_text(errors="replace").split(_MAIL_RULE)
        if (mail := email.message_from_string(text.lstrip(), policy=policy.default))["To"]
    )
    return sum(count > 1 for count in sent.values())
