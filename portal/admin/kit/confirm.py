"""The one confirmation page: what will happen, to whom, who is skipped, and the action's form."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Model
from django.http import HttpRequest
from django.template.response import TemplateResponse

from portal.actions.action import Action, Judged, Reach, Target, Work
from portal.actions.forms import Question
from portal.actions.result import Unmet
from portal.admin.kit import back

if TYPE_CHECKING:
    from portal.admin.kit.actions import ActionsAdmin

CONFIRMED = "confirmed"
SELECT_ACROSS = "select_across"
MAX_NAMES = 50  # of targets, where the action is not destructive
MAX_UNFOLDED = 12  # a longer list of names is folded, where the action is not destructive
MAX_DETAILS = 100


@dataclass(frozen=True)
class Click:
    """An action that somebody wants on some targets. `rows` are those selected in a list, if any.

    `back` is the address to return to; `noun` is the plural of what the targets are. `key` names a
    row for the page that has it. `reach`: what an action on a run would be done to.
    """

    action: Action
    targets: list[Target]
    judged: Judged
    back: str
    noun: str
    rows: Sequence[Model] = ()
    key: Callable[[Any], Any] = attrgetter("pk")
    reach: Reach | None = None

    @property
    def asks(self) -> bool:
        """Whether the confirmation page comes before the work: it always does for many rows."""
        return self.action.asks or bool(self.rows)

    @property
    def size(self) -> int:
        """How many it is done to."""
        return len(self.reach.possible) if self.reach else len(self.targets)

    @property
    def runs_later(self) -> bool:
        """Whether the worker judges each target in its turn, because there may be many."""
        return bool(self.rows) and isinstance(self.action.how, Work)

    @property
    def is_one(self) -> bool:
        """Whether it is about one row and not about a selection, so that the title names it."""
        return not self.rows and len(self.targets) == 1

    @property
    def title(self) -> str:
        """Return the heading of the confirmation page."""
        possible = self.judged.possible
        if self.is_one:
            return f"{self.action.label}: {self.action.naming(self.targets[0])}"
        noun = self.noun.removesuffix("s") if len(possible) == 1 else self.noun
        return f"{self.action.label}: {len(possible) or 'no'} {noun}"

    def form(self, data: Any, *, answered: bool) -> Question | None:
        """Return the action's form, with the answers if there are any yet."""
        wanted = self.action.form
        if wanted is None:
            return None
        # Hidden fields come with the button, before the question is answered.
        bound = answered or not wanted.is_visible
        return wanted(data if bound else None, targets=self.judged.possible)


def confirmation(
    page: "ActionsAdmin", request: HttpRequest, click: Click, form: Question | None
) -> TemplateResponse:
    """Show the confirmation page."""
    possible = click.judged.possible
    details = [*click.action.details(possible), *(form.details() if form else [])]
    across = request.POST.get(SELECT_ACROSS) == "1"
    context = {
        **page.admin_site.each_context(request),
        "title": click.title,
        "opts": page.opts,
        "action": click.action,
        "form": form,
        "subtitle": page.captions(click.targets)[0] if click.is_one else "",
        "is_one": click.is_one,
        "possible": possible,
        **_listed(page, click),
        "details": details[:MAX_DETAILS],
        "more_details": len(details[MAX_DETAILS:]),
        "chosen": _chosen(page, click, across=across),
        "across": across,
        "back": click.back,
        "goes_back": back.of(request),
        "confirmed": CONFIRMED,
        "checkbox": ACTION_CHECKBOX_NAME,
        "select_across": SELECT_ACROSS,
    }
    return TemplateResponse(request, "admin/confirm.html", context)


def _listed(page: "ActionsAdmin", click: Click) -> dict[str, Any]:
    """Return to how many it is done, and who is skipped: each by name, up to a limit."""
    named = _named(page, click)
    skipped = click.reach.refused if click.reach else click.judged.refused
    limit = len(named) if click.action.destructive else MAX_NAMES
    return {
        "does": click.reach.does if click.reach else "",
        "count": len(named),
        "named": named[:limit],
        "more": len(named[limit:]),
        "is_unfolded": click.action.destructive or len(named) <= MAX_UNFOLDED,
        "skipped": by_reason(skipped),
        "skipped_count": len(skipped),
        "total": len(named) + len(skipped),
    }


def _named(page: "ActionsAdmin", click: Click) -> list[tuple[str, str]]:
    """Return the name of each and what is said beside it, if they are listed at all."""
    if click.reach:
        return [(name, "") for name in click.reach.possible]
    possible = click.judged.possible
    shown = possible if click.action.destructive else possible[:MAX_NAMES]
    captions = [*page.captions(shown), *("" for _ in possible[len(shown) :])]
    return [
        (click.action.naming(each), caption)
        for each, caption in zip(possible, captions, strict=True)
    ]


def by_reason(skipped: Iterable[Unmet]) -> list[dict[str, Any]]:
    """Return the reasons with the names they are about, the most frequent first."""
    found: dict[str, list[str]] = {}
    for each in skipped:
        found.setdefault(each.why, []).append(each.name)
    return [
        {"why": why, "count": len(names), "names": names[:MAX_NAMES], "more": names[MAX_NAMES:]}
        for why, names in sorted(found.items(), key=lambda each: -len(each[1]))
    ]


def _chosen(page: "ActionsAdmin", click: Click, *, across: bool) -> list[Any]:
    """Return the keys of the selected rows for which it is possible; one stands for all of them."""
    possible = set(click.judged.possible)
    kept = [click.key(row) for row in click.rows if page.subject(row) in possible]
    # For "select all", Django wants one box that is ticked, and takes the whole list again.
    return kept[:1] if across else kept
