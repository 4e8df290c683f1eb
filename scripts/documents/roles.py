"""Who of the staff may do what, from the actions and the roles as they are."""

from collections.abc import Iterator

from portal import roles
from portal.actions import action as registry
from portal.actions import subject
from portal.actions.action import Action
from scripts.documents.blocks import table
from tenants.models import Tenant

# What staff may do beside the registered actions.
BESIDE = {
    "Look at everything": "tenants.view_tenant",
    "Correct a tenant’s data": "tenants.change_tenant",
    "Tag tenants": "connect.change_tag",
    "Add a mapping version": "connect.add_mappingtemplate",
    "Choose default versions": "connect.change_defaulttemplate",
    "Add a roll-out": "connect.add_rollout",
    "Add and change webhooks": "integrations.change_webhook",
    "Make tokens of the API": "integrations.add_apitoken",
    "Make users and give roles": "auth.change_user",
}


def matrix(_: str) -> str:
    """Return a table: each action, and for each role whether it has the permission.

    An action whose permission depends on its row, such as to cancel a bulk run, is left out.
    """
    granted = roles.permissions()
    needed = BESIDE | {
        name: each.permission for name, each in _named() if isinstance(each.permission, str)
    }
    rows = [
        (label, *("yes" if permission in names else "-" for names in granted.values()))
        for label, permission in needed.items()
    ]
    return table(("", *granted), rows)


def actions(_: str) -> str:
    """Return a table: what each action does, and whether it asks before."""
    rows = [(name, each.explains, "yes" if each.asks else "-") for name, each in _named()]
    return table(("action", "what it does", "asks first"), rows)


def _named() -> Iterator[tuple[str, Action]]:
    """Yield every action by its label; where it is not about a tenant, with what it is about."""
    for model in registry.models():
        if model in subject.MODELS and model is not Tenant:
            continue  # the same actions as on the tenant's page
        prefix = "" if model is Tenant else f"{str(model._meta.verbose_name).capitalize()}: "
        for each in registry.of(model).values():
            yield f"{prefix}{each.label}", each
