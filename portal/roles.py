"""The three roles of staff. Each has all permissions of the one before it.

Only superusers manage users and groups: a user who can grant permissions has them all.
"""

from collections.abc import Iterable

from django.contrib.auth.models import Group, Permission
from django.db import transaction

VIEWER = "Viewer"
OPERATOR = "Operator"
MANAGER = "Manager"

_HEALTH = (
    "health",
    "incident",
    "healingattempt",
    "webhooknotice",
    "writeerror",
    "writerepair",
    "diagnosis",
    "notification",
)
_SEEN_BY_ALL = {
    "tenants": (
        "tenant",
        "salesforcegrant",
        "callout",
        "message",
        "event",
        "switch",
        "usedsignature",
        "ratebucket",
        "orgrule",
        "stoppedrecipient",
        "erasure",
    ),
    "connect": (
        "connection",
        "keptschema",
        "mapping",
        "mappingtemplate",
        "defaulttemplate",
        "tag",
        "rollout",
        "rolloutitem",
        "drift",
        "healthsample",
        "apibudget",
        "addonday",
        "hostapp",
        "discrepancy",
        "reconciliation",
        *_HEALTH,
    ),
    "portal": ("heartbeat", "bulkrun", "bulkitem"),
    "integrations": ("webhook", "webhookdelivery", "apitoken"),
    "django_q": ("success", "failure", "ormq", "schedule"),
}
_VIEWER = tuple(f"{app}.view_{model}" for app, models in _SEEN_BY_ALL.items() for model in models)
_OPERATOR = (
    "tenants.change_tenant",
    "tenants.approve_tenant",
    "tenants.resend_message",
    "tenants.assign_tenant",
    "tenants.note_tenant",
    "tenants.add_orgrule",
    "connect.retry_connection",
    "connect.pause_connection",
    "connect.undo_connection",
    "connect.restart_connection",
    "connect.refresh_connection",
    "connect.import_connection",
    "connect.snooze_connection",
    "connect.diagnose_connection",
    "connect.link_connection",
    "connect.reauthorize_connection",
    "connect.repair_writes",
    "connect.add_tag",
    "connect.change_tag",
    "connect.compare_addons",
    "connect.check_hostapp",
    "connect.adopt_addon",
    "connect.pause_rollout",
    "connect.restore_drift",
    "connect.reload_mapping",
    "connect.diagnose_mapping",
    "connect.edit_mapping",
    "integrations.resend_webhookdelivery",
)
_MANAGER = (
    "connect.offboard_connection",
    "connect.drop_keptschema",
    "connect.overwrite_connection",
    "tenants.export_tenant",
    "tenants.erase_tenant",
    "connect.add_mappingtemplate",
    "connect.add_defaulttemplate",
    "connect.change_defaulttemplate",
    "connect.add_rollout",
    "connect.steer_rollout",
    "connect.accept_drift",
    "connect.remove_mapping",
    "connect.raise_addonday",
    "connect.add_hostapp",
    "connect.change_hostapp",
    "connect.make_hostapp",
    "connect.delete_addon",
    "tenants.change_switch",
    "integrations.add_webhook",
    "integrations.change_webhook",
    "integrations.add_apitoken",
    "integrations.revoke_apitoken",
    "django_q.add_ormq",  # to send a task again
    "portal.view_auditentry",
    "tenants.delete_ratebucket",  # to unlock
    "mfa.view_authenticator",
    "mfa.delete_authenticator",
    "socialaccount.view_socialaccount",
    "socialaccount.delete_socialaccount",
)


class MissingPermissions(LookupError):
    """The database lacks permissions of a role: `migrate` makes them. The text names them."""


_added: dict[str, set[str]] = {VIEWER: set(), OPERATOR: set(), MANAGER: set()}


def grant(role: str, *names: str) -> None:
    """Add permissions to a role, as "app.codename". A use case does so when it is ready."""
    _added[role].update(names)


def permissions() -> dict[str, frozenset[str]]:
    """Return each role's permissions, as "app.codename"."""
    viewer = frozenset(_VIEWER) | _added[VIEWER]
    operator = viewer | frozenset(_OPERATOR) | _added[OPERATOR]
    manager = operator | frozenset(_MANAGER) | _added[MANAGER]
    return {VIEWER: viewer, OPERATOR: operator, MANAGER: manager}


def ensure() -> dict[str, int]:
    """Create or correct the groups: each gets exactly its role's permissions.

    Return how many each role has. Raises MissingPermissions.
    """
    known = _known()
    with transaction.atomic():
        for role, names in permissions().items():
            group, _ = Group.objects.get_or_create(name=role)
            group.permissions.set(_pick(known, names))
    return {role: len(names) for role, names in permissions().items()}


def incomplete() -> list[str]:
    """Return the roles that are missing, or lack a permission."""
    groups = Group.objects.prefetch_related("permissions__content_type")
    held = {group.name: set(map(_name, group.permissions.all())) for group in groups}
    return [role for role, names in permissions().items() if names - held.get(role, set())]


def _known() -> dict[str, Permission]:
    rows = Permission.objects.select_related("content_type")
    return {_name(row): row for row in rows}


def _name(permission: Permission) -> str:
    return f"{permission.content_type.app_label}.{permission.codename}"


def _pick(known: dict[str, Permission], names: Iterable[str]) -> list[Permission]:
    missing = sorted(set(names) - known.keys())
    if missing:
        raise MissingPermissions(", ".join(missing))
    return [known[name] for name in names]
