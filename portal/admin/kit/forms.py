"""What is asked before an action is done: the forms of the confirmation page."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from connect.models import SchemaFate

SPANS = {
    "1": "One hour",
    "4": "Four hours",
    "24": "One day",
    "72": "Three days",
    "168": "One week",
}
MORNING = time(8)


class Question(forms.Form):
    """`phrase` is what has to be typed by whoever ends something."""

    explains = ""

    def __init__(self, data: Any = None, *, phrase: str) -> None:
        self.phrase = phrase
        super().__init__(data)

    def options(self) -> dict[str, str]:
        """Return the answers for the operation; the form is valid."""
        raise NotImplementedError


class EndForm(Question):
    """What is asked before a connection is ended."""

    explains = (
        "The synchronization ends and the add-on at Heroku is deleted. This cannot be taken back."
    )
    schema_fate = forms.ChoiceField(
        label="The tenant's schema in Postgres",
        choices=SchemaFate.choices,
        initial=SchemaFate.KEEP,
        widget=forms.RadioSelect,
    )
    typed = forms.CharField(
        required=False, widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
    )

    def __init__(self, data: Any = None, *, phrase: str) -> None:
        super().__init__(data, phrase=phrase)
        self.fields["typed"].label = f"To confirm, type: {phrase}"

    def clean_typed(self) -> str:
        typed = str(self.cleaned_data["typed"]).strip()
        if typed != self.phrase:
            raise forms.ValidationError(f"Type exactly: {self.phrase}")
        return typed

    def options(self) -> dict[str, str]:
        return {"schema_fate": self.cleaned_data["schema_fate"]}


class UntilForm(Question):
    """Until when, and why: everybody who meets the tenant reads it."""

    explains = "When the time is over the portal goes on by itself. All times are UTC."
    span = forms.ChoiceField(
        label="For how long",
        choices=[
            *SPANS.items(),
            ("morning", "Until tomorrow, 08:00"),
            ("monday", "Until Monday, 08:00"),
            ("other", "Until another time, given below"),
        ],
        initial="4",
        widget=forms.RadioSelect,
    )
    until = forms.DateTimeField(
        label="Another time (UTC)",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    note = forms.CharField(
        label="Why", max_length=255, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("span") == "other":
            until = data.get("until")
            if until is None and "until" not in self.errors:
                self.add_error("until", "Say until when.")
            elif until is not None and until <= timezone.now():
                self.add_error("until", "That is past.")
        return data

    def options(self) -> dict[str, str]:
        answers = self.cleaned_data
        until = moment(answers["span"], answers["until"], timezone.now())
        return {"until": until.isoformat(), "note": answers["note"]}


def moment(span: str, until: datetime | None, now: datetime) -> datetime:
    """Return the moment that was chosen: by the clock, or so many hours from now."""
    if span in SPANS:
        return now + timedelta(hours=int(span))
    if span == "other":
        assert until is not None  # noqa: S101  (the form insists)
        return until
    days = 1 if span == "morning" else 7 - now.weekday()
    return datetime.combine(now.date() + timedelta(days=days), MORNING, now.tzinfo)
