"""Forms of the confirmation page."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any, ClassVar

from django import forms
from django.utils import timezone
from django.utils.timezone import localtime

from connect.models import SchemaFate

HOURS = {
    "1": "One hour",
    "4": "Four hours",
    "24": "One day",
    "72": "Three days",
    "168": "One week",
}
OTHER_TIME = "Until another time, given below"
EXPORT = (
    "Until its schema is dropped, a manager can export its tables as CSV files from the tenant's "
    "page."
)
MORNING = time(8)
MONDAY = 7  # days from one Monday to the next
MAX_SPAN = timedelta(days=366)


class Question(forms.Form):
    """A form about the targets of an action."""

    # False: all fields are hidden and filled by the page that has the button, so nothing is asked.
    is_visible: ClassVar[bool] = True

    def __init__(self, data: Any = None, *, targets: Sequence[Any]) -> None:
        self.targets = targets
        super().__init__(data, initial=self.known(), label_suffix="")

    def known(self) -> dict[str, Any]:
        """Return what the fields show first."""
        return {}

    def details(self) -> list[str]:
        """Return what is special about the targets and the answers, a line each."""
        return []

    def options(self) -> dict[str, Any]:
        """Return the answers for the action; the form is valid."""
        return dict(self.cleaned_data)


class TypedForm(Question):
    """A question that is answered by typing the name of what it is about."""

    noun: ClassVar[str] = "tenants"
    typed = forms.CharField(
        # Not required, so that an empty answer gets the same sentence as a wrong one.
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, data: Any = None, *, targets: Sequence[Any]) -> None:
        super().__init__(data, targets=targets)
        one = len(targets) == 1
        self.phrase = str(targets[0]) if one else f"{len(targets)} {self.noun}"
        self.fields["typed"].label = f"To confirm, type: {self.phrase}"

    def clean_typed(self) -> str:
        typed = str(self.cleaned_data["typed"]).strip()
        if typed != self.phrase:
            raise forms.ValidationError(f"Type exactly: {self.phrase}")
        return typed

    def options(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "typed"}


class EndForm(TypedForm):
    """The form for ending a connection."""

    field_order = ("schema_fate", "typed")

    schema_fate = forms.ChoiceField(
        label="The tenant's schema in Postgres",
        choices=SchemaFate.choices,
        initial=SchemaFate.KEEP,
        widget=forms.RadioSelect,
    )

    def details(self) -> list[str]:
        return [EXPORT, "A schema that is kept can be dropped later, under “Kept schemas”."]


class UntilForm(Question):
    """Until when, and why: it is shown wherever the tenant is."""

    span = forms.ChoiceField(
        label="For how long",
        choices=[
            *HOURS.items(),
            ("morning", "Until tomorrow, 08:00"),
            ("monday", "Until Monday, 08:00"),
            ("other", OTHER_TIME),
        ],
        initial="4",
        widget=forms.RadioSelect,
    )
    until = forms.DateTimeField(
        required=False,
        # Typing a time ticks its choice, where the browser runs scripts.
        widget=forms.DateTimeInput(
            attrs={"type": "datetime-local", "data-chooses": "other"}, format="%Y-%m-%dT%H:%M"
        ),
    )
    note = forms.CharField(
        label="Why", max_length=255, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def __init__(self, data: Any = None, *, targets: Sequence[Any]) -> None:
        super().__init__(data, targets=targets)
        # The zone is that of the person who asks.
        self.fields["until"].label = f"Another time ({timezone.get_current_timezone_name()})"

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("span") == "other":
            until = data.get("until")
            if until is None and "until" not in self.errors:
                self.add_error("until", "Enter a time.")
            elif until is not None:
                self._check(until, timezone.now())
        elif data.get("until"):
            self.add_error("until", f"Choose “{OTHER_TIME}”, or clear the time.")
        return data

    def _check(self, until: datetime, now: datetime) -> None:
        if until <= now:
            self.add_error("until", "This time has passed.")
        elif until > now + MAX_SPAN:
            self.add_error("until", "Enter a time within a year. You can do it again then.")

    def options(self) -> dict[str, Any]:
        answers = self.cleaned_data
        until = moment(answers["span"], answers["until"], timezone.now())
        # Text, because the options of a task and of a bulk run are kept as JSON.
        return {"until": until.isoformat(), "note": answers["note"]}


def moment(span: str, until: datetime | None, now: datetime) -> datetime:
    """Return the chosen moment: by the clock, or that many hours from now."""
    if span in HOURS:
        return now + timedelta(hours=int(span))
    if span == "other":
        assert until is not None  # noqa: S101  (the form insists)
        return until
    # On a Monday, the next one.
    here = localtime(now)
    days = 1 if span == "morning" else MONDAY - here.weekday()
    # By the clock on the wall, also if the clocks are changed before then.
    return datetime.combine(here.date() + timedelta(days=days), MORNING, here.tzinfo)
