"""The form of a host app."""

from typing import Any

from django import forms
from django.conf import settings

from connect import databases
from connect.models import HostApp


class HostAppForm(forms.ModelForm):  # type: ignore[type-arg]  # only the stubs take an argument
    """A stored token is never shown; an empty field keeps it."""

    new_token = forms.CharField(
        label="Heroku token",
        required=False,
        help_text="The account's own. Empty: the stored one stays, else HEROKU_API_TOKEN.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    class Meta:
        model = HostApp
        exclude = ("token",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "database" in self.fields:
            names = [(name, name) for name in databases.names()]
            self.fields["database"] = forms.ChoiceField(
                label="Tenants' database",
                choices=names,
                help_text=HostApp._meta.get_field("database").help_text,
            )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        given = cleaned.get("new_token") or self.instance.token
        account = cleaned.get("account", self.instance.account)
        if self.instance.pk is None and cleaned.get("name") == settings.HEROKU_APP_NAME:
            text = "This app runs the portal: each new add-on would restart it. Name another one."
            self.add_error("name", text)
        if given and not account:
            self.add_error("account", "Name the account of this token: its calls are counted.")
        if account and not given:
            self.add_error("new_token", "Enter the token of this account.")
        return cleaned

    def save(self, commit: bool = True) -> HostApp:
        if self.cleaned_data.get("new_token"):
            self.instance.token = self.cleaned_data["new_token"]
        host: HostApp = super().save(commit)
        return host
