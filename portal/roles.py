"""Who of the staff may do what: three roles, each with all rights of the one before it.

Users, groups and rights themselves stay with superusers: whoever can give rights has them all.
"""

from collections.abc import Iterable

from django.contrib.auth.models import Group, Permission
from django.db import transaction

VIEWER = "Viewer"
OPERATOR = "Operator"
MANAGER = "Manager"

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
    ),
    "connect": ("connection", "mapping", "mappingtemplate", "healthsample", "apibudget"),
    "portal": ("heartbeat",),
    "django_q": ("success", "failure", "ormq", "schedule"),
}

_VIEWER = frozenset(
    f"{app}.view_{model}" for app, models in _SEEN_BY_ALL.items() for model in models
)
_OPERATOR = _VIEWER | {
    "tenants.change_tenant",
    "tenants.approve_tenant",
    "tenants.resend_message",
    "connect.retry_connection",
    "connect.pause_connection",
    "connect.restart_connection",
    "connect.refresh_connection",
    "connect.import_connection",
}
# What cannot be taken back, or reaches every tenant at once.
_MANAGER = _OPERATOR | {
    "connect.offboard_connection",
    "connect.add_mappingtemplate",
    "tenants.add_switch",
    "tenants.change_switch",
    "django_q.add_ormq",  # put a task into the queue again
}

ROLES: dict[str, frozenset[str]] = {VIEWER: _VIEWER, OPERATOR: _OPERATOR, MANAGER: _MANAGER}


def ensure() -> None:
    """Make the groups, or repair them: each has exactly its role's permissions afterwards.

    Run it after `migrate`, which makes the permissions. Raises LookupError if one is missing.
    """
    known = _known_permissions()
    with transaction.atomic():
        for name, codes in ROLES.items():
            group, _ = Group.objects.get_or_create(name=name)
            group.permissions.set(_pick(known, codes))


def _known_permissions() -> dict[str, Permission]:
    permissions = Permission.objects.select_related("content_type")
    return {f"{each.content_type.app_label}.{each.codename}": each for each in permissions}


def _pick(known: dict[str, Permission], codes: Iterable[str]) -> list[Permission]:
    missing = sorted(set(codes) - known.keys())
    if missing:
        raise LookupError(f"run `python manage.py migrate` first: no permission {missing[0]}")
    return [known[code] for code in codes]
