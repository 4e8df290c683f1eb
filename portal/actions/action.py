"""The type of everything that staff can press, and the registry that all pages read.

An app registers its actions when Django starts: each app's module `actions` is imported then. The
buttons of a row, the bulk actions of a list and the one view that runs them come from here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Model

from connect.formats import counted
from connect.operations.base import Report
from portal.actions.forms import Question
from portal.actions.result import Result, Unmet
from portal.models import BulkItem

Options = Mapping[str, Any]
Staff = User | AnonymousUser
# What an action is run on: a row, or what the page makes of it (see portal.actions.subject).
Target = Any


class Run(Protocol):
    """Does an action to some targets for a user, within the request; returns the result."""

    def __call__(self, targets: Sequence[Target], actor: str, options: Options) -> Result: ...


@dataclass(frozen=True)
class Work:
    """How the worker does an action, and how its target is stored until then.

    `perform`  the work on one target.
    `store`    returns the target as fields of a BulkItem: tenant, connection, target.
    `load`     finds the target of a BulkItem again; None if it has gone.
    `calls`    the APIs of Heroku (connect.clients.budget) whose last calls it leaves to
               provisioning, when it is done to many targets.
    """

    perform: Callable[[Target, str, Options], Report]
    store: Callable[[Target], dict[str, Any]]
    load: Callable[[BulkItem], Target | None]
    calls: Sequence[str] = ()


def work_on_all(perform: Callable[[Target, str, Options], Report]) -> Work:
    """Return how the worker does an action that needs no row: its target is only a name."""
    return Work(perform, lambda name: {"target": {"of": name}}, _name_of)


def _name_of(item: BulkItem) -> str:
    return str(item.target.get("of", ""))


class Kind(StrEnum):
    """What an action is for: a long menu has a group for each, in this order."""

    CARE = "Owner, notes, snooze"
    SYNC = "Synchronization"
    LOOK = "Check"
    SET_UP = "Setting up and authorization"
    ORG = "Org and tags"
    OTHER = "Other"
    END = "End, erase or overwrite"


@dataclass(frozen=True)
class Reach:
    """What an action on a run does, to what, and what it skips and why; the names are targets'."""

    does: str
    possible: list[str]
    refused: list[Unmet]


def _never(target: Target) -> str:
    return ""


def _anybody(target: Target, actor: str) -> str:
    return ""


def no_lines(targets: Sequence[Target]) -> list[str]:
    """Return nothing: the default of `details`."""
    return []


@dataclass(frozen=True)
class Action:
    """One thing that staff can press on the pages of its `models`.

    `explains`     what happens, in one or two sentences: on the confirmation page and in docs.
    `how`          a function that does it at once, in one transaction, or the worker's Work.
    `permission`   the permission that is needed, "app.codename", or a function of the target.
    `refusal`      "" when the action is possible now, else the reason, e.g. "it is not paused".
    `details`      what is special about these targets, a line each, for the confirmation page.
    `form`         the question that is asked first, or None.
    `previews`     the confirmation page is always shown, because it says what would happen.
    `destructive`  it cannot be undone, so a confirmation is always asked.
    `alone`        one person may do it to many rows, although it is destructive.
    `guarded`      the person must prove again who they are; so it is for all destructive ones.
    `of_rows`      False: it needs no row, and its button stands above the list. Its target is the
                   name of what the list shows.
    `in_bulk`      it is also offered in the list, for the selected rows.
    `moves_on`     its button stands out, because it is what a row usually needs next. On the pages
                   of a tenant the standing decides that.
    `kind`         its group in a long menu; END for one that is destructive.
    `naming`       how pages and messages name a target.
    `not_by`       like `refusal`, of the person: "" or e.g. "you asked for it yourself".
    `reach`        of an action on a run, what it would be done to; for the confirmation page.
    """

    name: str
    label: str
    explains: str
    models: tuple[type[Model], ...]
    permission: str | Callable[[Target], str]
    how: Run | Work
    refusal: Callable[[Target], str] = _never
    details: Callable[[Sequence[Target]], list[str]] = no_lines
    form: type[Question] | None = None
    _: KW_ONLY
    previews: bool = False
    destructive: bool = False
    alone: bool = False
    guarded: bool = False
    of_rows: bool = True
    in_bulk: bool = False
    moves_on: bool = False
    kind: Kind = Kind.OTHER
    naming: Callable[[Target], str] = str
    not_by: Callable[[Target, str], str] = _anybody
    reach: Callable[[Target, str], Reach] | None = None

    @property
    def asks(self) -> bool:
        """Whether a confirmation page comes before the work."""
        return self.destructive or self.previews or (self.form is not None and self.form.is_visible)

    def counted(self, number: int) -> str:
        """Return a number of its targets with their noun, e.g. "3 tenants"."""
        meta = self.models[0]._meta
        return counted(number, str(meta.verbose_name), str(meta.verbose_name_plural))

    def allows(self, user: Staff, target: Target = None) -> bool:
        """Return whether a user has the permission that is needed."""
        needed = self.permission if isinstance(self.permission, str) else self.permission(target)
        # "" is nobody's: the action of an old bulk run may no longer exist.
        return bool(needed) and user.has_perm(needed)

    def refusal_for(self, target: Target, actor: str) -> str:
        """Return "" when this person can do it now, else the reason."""
        return self.refusal(target) or self.not_by(target, actor)


@dataclass(frozen=True)
class Judged:
    """Targets of an action, sorted by whether it is possible now."""

    possible: list[Target] = field(default_factory=list)
    refused: list[Unmet] = field(default_factory=list)


def judge(action: Action, targets: Sequence[Target], actor: str) -> Judged:
    """Sort targets by whether this person can do the action now."""
    judged = Judged()
    for target in targets:
        reason = action.refusal_for(target, actor)
        if reason:
            judged.refused.append(Unmet(action.naming(target), reason))
        else:
            judged.possible.append(target)
    return judged


# --- the registry --------------------------------------------------------------------------------

_REGISTRY: dict[type[Model], dict[str, Action]] = {}


def register(*actions: Action) -> None:
    """Offer actions on the pages of their models, in this order."""
    for action in actions:
        for model in action.models:
            _REGISTRY.setdefault(model, {})[action.name] = action


def of(model: type[Model]) -> dict[str, Action]:
    """Return the actions of a model's pages by name."""
    return _REGISTRY.get(model, {})


def models() -> list[type[Model]]:
    """Return the models that have actions."""
    return list(_REGISTRY)


def offered(
    model: type[Model], user: Staff, target: Target, *, of_rows: bool = True
) -> list[Action]:
    """Return the actions that a user's role permits and the target's state allows."""
    actor = user.get_username()
    permitted = [
        each for each in of(model).values() if each.of_rows == of_rows and each.allows(user, target)
    ]
    return [each for each in permitted if not each.refusal_for(target, actor)]
