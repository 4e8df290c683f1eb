"""Who of the staff may do what, from the actions and the roles as they are."""

from portal import roles
from portal.admin.kit.actions import ACTIONS
from portal.admin.pages import switches
from scripts.documents.blocks import table

# What staff may do beside the registered actions.
BESIDE = {
    "Look at everything": "tenants.view_tenant",
    "Correct a tenant’s facts": "tenants.change_tenant",
    "Add a mapping template": "connect.add_mappingtemplate",
    "Turn a kill switch": switches.MAY_TURN,
    "Send a task again": "django_q.add_ormq",
    "Make users and give roles": "auth.change_user",
}


def matrix(_: str) -> str:
    """Return a table: each action, and for each role whether it has the permission."""
    granted = roles.permissions()
    needed = BESIDE | {action.label: action.permission for action in ACTIONS.values()}
    rows = [
        (label, *("yes" if permission in names else "-" for names in granted.values()))
        for label, permission in needed.items()
    ]
    return table(("", *granted), rows)
