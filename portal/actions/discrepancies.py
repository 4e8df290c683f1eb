"""Actions on what differs between Heroku and the portal: compare, adopt, delete."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from django import forms

from connect.clients.budget import APIS, PLATFORM
from connect.inventory import compare
from connect.inventory.act import Act, perform
from connect.inventory.adopt import ADOPT, needs_tenant
from connect.inventory.delete import DELETE
from connect.models import Discrepancy
from connect.operations import base
from connect.operations.base import OperationOutcome, Report
from portal.actions.action import Action, Options, Work, work_on_all
from portal.actions.forms import Question
from portal.models import BulkItem

_TYPED = {"autocomplete": "off"}


class AdoptForm(Question):
    """Who the subscriber is, if its org is not a tenant; otherwise nothing is asked."""

    name = forms.CharField(
        max_length=255, label="The org's name", widget=forms.TextInput(attrs=_TYPED)
    )
    admin_email = forms.EmailField(
        label="Its admin's e-mail", widget=forms.EmailInput(attrs=_TYPED)
    )

    def __init__(self, data: Any = None, *, targets: Sequence[Any]) -> None:
        super().__init__(data, targets=targets)
        if len(targets) != 1 or not needs_tenant(targets[0]):
            self.fields.clear()


def _perform(act: Act, found: Discrepancy, actor: str, options: Options) -> Report:
    return perform(act, found.pk, actor, options)


def _store(found: Discrepancy) -> dict[str, Any]:
    # Without its tenant: the verbs write the tenant's timeline, and adopting may make the tenant.
    return {"target": {"discrepancy": found.pk}}


def _load(item: BulkItem) -> Discrepancy | None:
    return Discrepancy.objects.filter(pk=item.target["discrepancy"]).first()


def _texts(targets: Sequence[Discrepancy]) -> list[str]:
    return [found.text for found in targets]


def _compare(target: str, actor: str, options: Options) -> Report:
    run = compare.compare(actor)
    if run.error:
        return base.failed("Compare now", run.error)
    return Report(OperationOutcome.DONE, compare.summary(run))


ACTIONS = (
    Action(
        "adopt",
        "Adopt",
        "The portal's row is made or repaired, and the connection goes on with this add-on.",
        (Discrepancy,),
        "connect.adopt_addon",
        Work(partial(_perform, ADOPT), _store, _load, tuple(APIS)),
        ADOPT.refusal,
        _texts,
        AdoptForm,
        in_bulk=True,
        moves_on=True,
    ),
    Action(
        "delete_addon",
        "Delete the add-on",
        "The add-on is deleted at Heroku, if no connection of the portal uses it. Its schema in "
        "Postgres is kept. This cannot be undone.",
        (Discrepancy,),
        "connect.delete_addon",
        Work(partial(_perform, DELETE), _store, _load, (PLATFORM,)),
        DELETE.refusal,
        _texts,
        destructive=True,
        in_bulk=True,
    ),
    Action(
        "compare",
        "Compare now",
        "Asks Heroku for the app's add-ons and connections, and compares them with the portal's.",
        (Discrepancy,),
        "connect.compare_addons",
        work_on_all(_compare),
        of_rows=False,
    ),
)
