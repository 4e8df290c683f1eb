"""The manager's override of the daily cap of new add-ons."""

from collections.abc import Sequence

from django import forms
from django.utils import timezone

from connect.models import AddonDay
from connect.provisioning import spending
from portal.actions.action import Action, Options
from portal.actions.forms import Question
from portal.actions.result import Result, done

MAX_AT_ONCE = 1000


class MoreForm(Question):
    """How many more."""

    count = forms.IntegerField(
        label="How many more new add-ons today (UTC)", min_value=1, max_value=MAX_AT_ONCE
    )


def _allow_more(targets: Sequence[object], actor: str, options: Options) -> Result:
    today = timezone.now().date()
    day = spending.allow_more(today, options["count"], actor)
    return done(day.day, f"{day.limit} new add-ons may be ordered on this day.")


ACTIONS = (
    Action(
        "allow_more",
        "Allow more today",
        "Raises today's cap of new add-ons. Tenants that wait for it go on at once.",
        (AddonDay,),
        "connect.raise_addonday",
        _allow_more,
        form=MoreForm,
        of_rows=False,
    ),
)
