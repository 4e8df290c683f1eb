"""The one confirmation page: what will happen, to whom, who is skipped, and the action's form."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Model
from django.http import HttpRequest
from django.template.response import TemplateResponse

from portal.actions.action import Action, Judged, Target, Work
from portal.actions.forms import Question
from portal.admin.kit import back

if TYPE_CHECKING:
    from portal.admin.kit.actions import ActionsAdmin

CONFIRMED = "confirmed"
SELECT_ACROSS = "select_across"
MAX_NAMES = 50  # of targets, where the action is not destructive
MAX_DETAILS = 100


@dataclass(frozen=True)
class Click:
    """An action that somebody wants on some targets. `rows` are those selected in a list, if any.

    `back` is the address to return to; `noun` is the plural of what the targets are. `key` names a
    row for the page that has it. `previews`: the confirmation page comes in any case.
    """

    action: Action
    targets: list[Target]
    judged: Judged
    back: str
    noun: str
    rows: Sequence[Model] = ()
    key: Callable[[Any], Any] = attrgetter("pk")
    previews: bool = False

    @property
    def asks(self) -> bool:
        """Whether the confirmation page comes before the work."""
        return self.action.asks or self.previews

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
    possible, refused = click.judged.possible, click.judged.refused
    limit = len(possible) if click.action.destructive else MAX_NAMES
    details = [*click.action.details(possible), *(form.details() if form else [])]
    captions = page.captions(possible[:limit])
    across = request.POST.get(SELECT_ACROSS) == "1"
    context = {
        **page.admin_site.each_context(request),
        "title": click.title,
        "opts": page.opts,
        "action": click.action,
        "form": form,
        "subtitle": page.captions(click.targets)[0] if click.is_one else "",
        "is_one": click.is_one,
        "possible": [
            (each, click.action.naming(each), caption)
            for each, caption in zip(possible[:limit], captions, strict=True)
        ],
        "more": len(possible[limit:]),
        "details": details[:MAX_DETAILS],
        "more_details": len(details[MAX_DETAILS:]),
        "skipped": refused[:limit],
        "more_skipped": len(refused[limit:]),
        "chosen": _chosen(page, click, across=across),
        "across": across,
        "back": click.back,
        "goes_back": back.of(request),
        "confirmed": CONFIRMED,
        "checkbox": ACTION_CHECKBOX_NAME,
        "select_across": SELECT_ACROSS,
    }
    return TemplateResponse(request, "admin/confirm.html", context)


def _chosen(page: "ActionsAdmin", click: Click, *, across: bool) -> list[Any]:
    """Return the keys of the selected rows for which it is possible; one stands for all of them."""
    possible = set(click.judged.possible)
    kept = [click.key(row) for row in click.rows if page.subject(row) in possible]
    # For "select all", Django wants one box that is ticked, and takes the whole list again.
    return kept[:1] if across else kept
