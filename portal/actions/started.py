"""What a press only started: its outcome is stored once the work has ended by itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.fields.json import KT
from django.utils import timezone

from connect.formats import counted, in_sentence, sentence
from connect.health import states
from connect.health.mapping_words import state_and_words
from connect.models import ENDING, Connection, Diagnosis, Mapping, Stage
from portal.models import BulkItem, BulkItemStatus
from tenants import sweeps
from tenants.messages import STAFF_KINDS
from tenants.models import Message, MessageStatus

MAX_AT_ONCE = 500
MAX_IN_QUEUE = timedelta(hours=1)  # in the queue; a mark that is older is of a task that was lost
Outcome = tuple[BulkItemStatus, str]


class Start(Protocol):
    """How the work of an action continues that only starts it."""

    def ended(self, items: QuerySet[BulkItem]) -> QuerySet[BulkItem]:
        """Return those items whose work has ended."""
        ...

    def outcome(self, item: BulkItem) -> Outcome:
        """Return the outcome of work that has ended."""
        ...


def _connection(item: BulkItem) -> Connection:
    assert item.connection is not None  # noqa: S101  (only such items are asked for)
    return item.connection


@dataclass(frozen=True)
class Stages:
    """Work that moves a connection into a stage, and continues there.

    `stages` are those of the work, `ends` those in which it is done; `done` says so.
    """

    stages: tuple[Stage, ...]
    ends: tuple[Stage, ...]
    done: str

    def ended(self, items: QuerySet[BulkItem]) -> QuerySet[BulkItem]:
        return items.exclude(connection__stage__in=self.stages, connection__blocked_at=None)

    def outcome(self, item: BulkItem) -> Outcome:
        connection = _connection(item)
        if connection.stage in self.ends:
            return BulkItemStatus.DONE, self.done
        if connection.blocked_at:
            return BulkItemStatus.FAILED, f"Blocked: {connection.blocked_reason}"
        # Not cancelled: “Try again” would do again what somebody has undone.
        stage = in_sentence(connection.get_stage_display())
        return BulkItemStatus.SKIPPED, f"it did not come to its end: it is {stage}"


class Diagnoses:
    """Heroku Connect's diagnoses: their results arrive within minutes, or are given up."""

    def ended(self, items: QuerySet[BulkItem]) -> QuerySet[BulkItem]:
        running = Diagnosis.objects.filter(connection=OuterRef("connection"), ended_at=None)
        return items.exclude(Exists(running))

    def outcome(self, item: BulkItem) -> Outcome:
        found = _connection(item).diagnoses.first()
        if found is None:
            return BulkItemStatus.SKIPPED, "its result has gone"
        if found.error:
            return BulkItemStatus.FAILED, found.error
        counts = f"{counted(found.errors, 'error')}, {counted(found.warnings, 'warning')}"
        return BulkItemStatus.DONE, f"Heroku Connect finds {counts}."


class Attempt:
    """The next attempt at a connection's stage, which the reconciler makes."""

    def ended(self, items: QuerySet[BulkItem]) -> QuerySet[BulkItem]:
        now = timezone.now()
        to_come = (
            Q(connection__queued_at__range=(now - MAX_IN_QUEUE, now + sweeps.MAX_SKEW))
            | Q(connection__lease__isnull=False)
            | Q(connection__next_attempt_at__lte=now)
        )
        return items.exclude(to_come, connection__blocked_at=None)

    def outcome(self, item: BulkItem) -> Outcome:
        connection = _connection(item)
        stage = connection.get_stage_display()
        if connection.blocked_at:
            return BulkItemStatus.FAILED, f"Blocked again: {connection.blocked_reason}"
        if connection.last_error:
            text = f"{stage}: {sentence(connection.last_error)} The portal tries again by itself."
            return BulkItemStatus.FAILED, text
        waits = f" Waiting for {connection.waiting_for}." if connection.waiting_for else ""
        return BulkItemStatus.DONE, f"It went on: {in_sentence(stage)}.{waits}"


class Mail:
    """The mail to the subscriber that staff asked for: the newest at the time of the press."""

    def ended(self, items: QuerySet[BulkItem]) -> QuerySet[BulkItem]:
        mails = self._mails(OuterRef("tenant"), OuterRef("ended_at"))
        rows = items.annotate(mail_status=Subquery(mails.values("status")[:1]))
        return rows.exclude(mail_status=MessageStatus.QUEUED)

    def outcome(self, item: BulkItem) -> Outcome:
        mail = self._mails(item.tenant_id, item.ended_at).first()
        if mail is None:
            return BulkItemStatus.SKIPPED, "its mail has gone"
        if mail.status in (MessageStatus.SENT, MessageStatus.DELIVERED):
            return BulkItemStatus.DONE, f"The mail to {mail.to} is sent."
        return BulkItemStatus.FAILED, f"The mail to {mail.to} was not sent. {mail.error}".strip()

    def _mails(self, tenant: Any, until: Any) -> QuerySet[Message]:
        mails = Message.objects.filter(tenant=tenant, created_at__lte=until)
        return mails.exclude(kind__in=STAFF_KINDS).order_by("-pk")


class Reload:
    """The loading of one mapped object, as seen after the press."""

    def ended(self, items: QuerySet[BulkItem]) -> QuerySet[BulkItem]:
        not_loaded = Mapping.objects.filter(
            Q(seen_at__lte=OuterRef("ended_at")) | Q(state__in=states.LOADING_MAPPING),
            connection=OuterRef("connection"),
            object_name=OuterRef("object_name"),
        )
        named = items.annotate(object_name=KT("target__object_name"))
        return named.exclude(Exists(not_loaded))

    def outcome(self, item: BulkItem) -> Outcome:
        name = item.target["object_name"]
        found = _connection(item).mappings.filter(object_name=name).first()
        if found is None:
            return BulkItemStatus.SKIPPED, f"{name} is no longer mapped"
        if states.is_broken_mapping(found.state):
            return BulkItemStatus.FAILED, state_and_words(name, found.state, found.description)
        return BulkItemStatus.DONE, f"{name} is loaded again."


_OFFBOARDED = Stages((Stage.GRACE, Stage.OFFBOARDING), (Stage.OFFBOARDED,), "Off-boarded.")
_NOT_ENDING = tuple(each for each in Stage if each not in (*ENDING, Stage.OFFBOARDED))
# By the name of the action.
STARTS: dict[str, Start] = {
    "offboard": _OFFBOARDED,
    "end_grace": _OFFBOARDED,
    "undo_offboarding": Stages((Stage.RESUMING,), _NOT_ENDING, "It is resumed."),
    "start_over": Stages(
        (Stage.OFFBOARDING,), (Stage.OFFBOARDED,), "The old connection is gone. A new one follows."
    ),
    "import_mappings": Stages(
        (Stage.IMPORTING_MAPPINGS,), (Stage.LOADING, Stage.LIVE), "The mappings are imported."
    ),
    "diagnose": Diagnoses(),
    "retry": Attempt(),
    "overwrite": Attempt(),
    "resend": Mail(),
    "reauthorize": Mail(),
    "reload": Reload(),
}


def settle(again_after: timedelta = sweeps.REQUEUE_AFTER) -> int:
    """Store what was started and has ended by now. No task is queued, so return 0."""
    for name, start in STARTS.items():
        for item in _ended(name, start):
            status, text = start.outcome(item)
            still_started = BulkItem.objects.filter(pk=item.pk, status=BulkItemStatus.STARTED)
            still_started.update(status=status, text=text, ended_at=timezone.now())
    return 0


def _ended(name: str, start: Start) -> Iterator[BulkItem]:
    items: QuerySet[BulkItem] = BulkItem.objects.filter(
        status=BulkItemStatus.STARTED, run__action=name, connection__isnull=False
    ).select_related("connection")
    return start.ended(items).order_by("pk")[:MAX_AT_ONCE].iterator()


def _started(again_after: timedelta) -> QuerySet[Any, Any]:
    return BulkItem.objects.filter(status=BulkItemStatus.STARTED).values_list("pk", flat=True)


# Nothing of it can be late: the sweep itself does the work.
sweeps.register(sweeps.Sweep("started", (), _started, settle))
