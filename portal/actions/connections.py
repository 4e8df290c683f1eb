"""Actions on a tenant's connection: the buttons of connect.operations.connection."""

from collections import Counter
from collections.abc import Callable, Sequence

from django.utils import timezone

from connect.formats import counted, format_time
from connect.models import SchemaFate, Stage
from connect.operations import base
from connect.operations.base import Report
from connect.operations.connection import REGISTRY
from connect.provisioning.steps import grace
from portal.actions.action import Action, Kind, Options, no_lines
from portal.actions.forms import EXPORT, EndForm, Question, TypedForm, UntilForm
from portal.actions.subject import Subject, subject_action

ENDS = "The synchronization ends and the add-on at Heroku is deleted. This cannot be undone."


def _can_be_undone(subjects: Sequence[Subject]) -> list[str]:
    """Return until when the off-boarding can be undone, and for how many it cannot."""
    now = timezone.now()
    ends = [grace.ends_at(each.connection, now) for each in subjects if each.connection]
    latest, at_once = max(filter(None, ends), default=None), ends.count(None)
    lines = [f"It can be undone until {format_time(latest)}."] if latest else []
    if at_once:
        whom = "It" if len(ends) == 1 else counted(at_once, "tenant")
        lines.append(f"{whom} ends at once, without a grace period.")
    return lines


def _fates(subjects: Sequence[Subject]) -> list[str]:
    """Return what was chosen for the schemas when the off-boarding began."""
    chosen = Counter(each.connection.schema_fate for each in subjects if each.connection)
    lines = [
        f"Chosen before, for {counted(count, 'tenant')}: {SchemaFate(fate).label.lower()}."
        for fate, count in chosen.items()
        if fate
    ]
    return [*lines, EXPORT] if SchemaFate.DROP in chosen else lines


def _imports_again(subjects: Sequence[Subject]) -> list[str]:
    """Return what the import means for those that are live."""
    return [
        f"{subject} is live with {subject.connection.template or 'no version'}. Until the new "
        "version is loaded it counts as loading, and rows may be missing."
        for subject in subjects
        if subject.connection and subject.connection.stage == Stage.LIVE
    ]


def _overwrites(subjects: Sequence[Subject]) -> list[str]:
    """Return what Heroku said that it would overwrite."""
    blocked = [each.connection for each in subjects if each.connection]
    return [each.blocked_reason for each in blocked if each.blocked_reason]


def _button(
    name: str,
    kind: Kind,
    permission: str,
    explains: str,
    *,
    details: Callable[[Sequence[Subject]], list[str]] = no_lines,
    form: type[Question] | None = None,
    previews: bool = False,
    destructive: bool = False,
) -> Action:
    """Make the action that runs an operation."""
    operation = REGISTRY[name]

    def refusal(subject: Subject) -> str:
        if subject.connection is None:
            return "it has no connection"
        return operation.refusal(subject.connection)

    def perform(subject: Subject, actor: str, options: Options) -> Report:
        assert subject.connection is not None  # noqa: S101  (refusal was asked)
        return base.perform(operation, subject.connection.pk, actor, options)

    return subject_action(
        name,
        operation.label,
        explains,
        kind=kind,
        permission=permission,
        refusal=refusal,
        perform=perform,
        details=details,
        form=form,
        previews=previews,
        destructive=destructive,
        calls=operation.calls,
    )


ACTIONS = (
    _button(
        "retry",
        Kind.SET_UP,
        "connect.retry_connection",
        "Tries the present stage again at once, also when it is blocked.",
    ),
    _button(
        "overwrite",
        Kind.END,
        "connect.overwrite_connection",
        "The add-on is ordered with Heroku's confirmation. The config var or the attachment that "
        "has its name in the app is overwritten, and its present value is lost.",
        details=_overwrites,
        destructive=True,
    ),
    _button(
        "pause",
        Kind.SYNC,
        "connect.pause_connection",
        "Pauses the synchronization until somebody resumes it.",
    ),
    _button(
        "pause_until",
        Kind.SYNC,
        "connect.pause_connection",
        "Pauses the synchronization. When the time is over the portal resumes it.",
        form=UntilForm,
    ),
    _button(
        "resume",
        Kind.SYNC,
        "connect.pause_connection",
        "Resumes the synchronization at once.",
    ),
    _button(
        "restart",
        Kind.SYNC,
        "connect.restart_connection",
        "Restarts the connection at Heroku Connect, which helps after most errors.",
    ),
    _button(
        "refresh",
        Kind.LOOK,
        "connect.refresh_connection",
        "Asks Heroku Connect for the present state.",
    ),
    _button(
        "compare",
        Kind.LOOK,
        "connect.refresh_connection",
        "Compares its mappings with its version, and with what its org has now.",
    ),
    _button(
        "snooze",
        Kind.CARE,
        "connect.snooze_connection",
        "Until then it is not listed under Attention and no alerts are sent; the work itself "
        "continues.",
        form=UntilForm,
    ),
    _button(
        "unsnooze",
        Kind.CARE,
        "connect.snooze_connection",
        "Sends alerts again.",
    ),
    _button(
        "diagnose",
        Kind.LOOK,
        "connect.diagnose_connection",
        "Runs Heroku Connect's own checks and fetches its notifications.",
    ),
    _button(
        "acknowledge",
        Kind.LOOK,
        "connect.diagnose_connection",
        "Marks Heroku Connect's notifications as read.",
    ),
    _button(
        "link",
        Kind.SET_UP,
        "connect.link_connection",
        "Gives the portal its access to the connection back.",
    ),
    _button(
        "reauthorize",
        Kind.SET_UP,
        "connect.reauthorize_connection",
        "Sends the admin a link to authorize Heroku Connect again.",
    ),
    _button(
        "import_mappings",
        Kind.SET_UP,
        "connect.import_connection",
        "Imports the mapping version that new tenants get.",
        details=_imports_again,
        previews=True,
    ),
    _button(
        "offboard",
        Kind.END,
        "connect.offboard_connection",
        "Pauses the synchronization. Until the end of the grace period that can be undone. Then "
        "the add-on at Heroku is deleted, which cannot be undone.",
        details=_can_be_undone,
        form=EndForm,
        destructive=True,
    ),
    _button(
        "undo_offboarding",
        Kind.SYNC,
        "connect.undo_connection",
        "Ends the off-boarding: the synchronization is resumed, and all goes on as before.",
    ),
    _button(
        "end_grace",
        Kind.END,
        "connect.offboard_connection",
        f"Does not wait for the end of the grace period. {ENDS}",
        details=_fates,
        form=TypedForm,
        destructive=True,
    ),
    _button(
        "start_over",
        Kind.END,
        "connect.offboard_connection",
        f"{ENDS} A new connection with a new schema is created, and the subscriber has to "
        "authorize again.",
        form=EndForm,
        destructive=True,
    ),
)
