"""The form of a token of the read API."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from portal.integrations import tokens
from portal.integrations.models import ApiToken, Scope

DAYS = {"30": "30 days", "90": "90 days", "180": "180 days", "365": "One year"}
_SAID = [(each.value, f"{each.label} ({each.value})") for each in Scope]


class ApiTokenForm(forms.ModelForm):  # type: ignore[type-arg]  # only the stubs take an argument
    """What the token is for, what it may read, and for how long."""

    scopes = forms.MultipleChoiceField(
        label="May read", choices=_SAID, widget=forms.CheckboxSelectMultiple
    )
    valid_for = forms.ChoiceField(label="Valid for", choices=list(DAYS.items()), initial="90")
    made = ""  # the token itself

    class Meta:
        model = ApiToken
        fields = ("name", "scopes")

    def save(self, commit: bool = True) -> Any:
        days = int(self.cleaned_data["valid_for"])
        self.instance.expires_at = timezone.now() + timedelta(days=days)
        self.made = tokens.fill(self.instance)
        return super().save(commit)
