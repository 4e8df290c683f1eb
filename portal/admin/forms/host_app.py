"""The form of a host app."""

from typing import Any

from django import forms
from django.conf import settings

from connect import databases
from connect.models import HostApp


class HostAppForm(forms.ModelForm):  # type: ignore[type-arg]  # only the stubs take an argument
    """A stored token is never shown. It is the account's: all host apps of one have the same."""

    new_token = forms.CharField(
        label="Heroku token",
        required=False,
        help_text="The account's own; all its host apps get it. Empty: the stored one stays, else "
        "HEROKU_API_TOKEN.",
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
        account = cleaned.get("account", self.instance.account)
        given = cleaned.get("new_token") or self._known_token(account)
        if self.instance.pk is None and cleaned.get("name") == settings.HEROKU_APP_NAME:
            text = "This app runs the portal: each new add-on would restart it. Name another one."
            self.add_error("name", text)
        if cleaned.get("new_token") and not account:
            self.add_error("account", "Name the account of this token: its calls are counted.")
        if account and not given:
            self.add_error("new_token", "Enter the token of this account.")
        cleaned["token"] = given
        return cleaned

    def save(self, commit: bool = True) -> HostApp:
        # One that no key decrypts stays as it is stored.
        if self.cleaned_data["token"] or not self.instance.account:
            self.instance.token = self.cleaned_data["token"] or None
        host: HostApp = super().save(commit)
        return host

    def share_token(self) -> None:
        """Give a new token to the other host apps of its account. Call it after the save."""
        if self.cleaned_data.get("new_token"):
            same = HostApp.objects.filter(account=self.instance.account)
            same.exclude(pk=self.instance.pk).update(token=self.instance.token)

    def _known_token(self, account: str) -> str:
        """Return the token that is stored for an account, "" if there is none."""
        if not account:
            return ""
        same = HostApp.objects.filter(account=account, token__isnull=False)
        return next(filter(None, same.values_list("token", flat=True)), "")
