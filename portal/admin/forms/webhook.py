"""The form of a webhook."""

from typing import Any

from django import forms

from portal.integrations import signing, targets
from portal.integrations.models import LifecycleKind, Webhook, every_kind

MAX_URL = 1000  # characters


class WebhookForm(forms.ModelForm):  # type: ignore[type-arg]  # only the stubs take an argument
    """A stored address is never shown, because addresses of webhooks often hold a secret."""

    new_url = forms.CharField(
        label="Address",
        max_length=MAX_URL,
        help_text="https only, on the public internet. It is not shown again.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "vTextField"}),
    )
    kinds = forms.MultipleChoiceField(
        label="Events",
        choices=LifecycleKind.choices,
        initial=every_kind,
        widget=forms.CheckboxSelectMultiple,
    )
    made = ""  # the secret, if this form has made one
    stored = ("name", "kinds", "is_on", "url", "host", "secret")

    class Meta:
        model = Webhook
        fields = ("name", "kinds", "is_on")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields.get("new_url")
        # One that no key of SECRET decrypts is empty, and has to be entered again.
        if field and self.instance.url:
            field.required = False
            field.help_text = f"{field.help_text} Empty: the stored one stays."

    def clean_new_url(self) -> str:
        given = str(self.cleaned_data["new_url"]).strip()
        if given and (problem := targets.problem(given)):
            raise forms.ValidationError(problem)
        return given

    def save(self, commit: bool = True) -> Any:
        if given := self.cleaned_data["new_url"]:
            self.instance.url, self.instance.host = given, targets.host_of(given)
        # A new one has none, and one that no key of SECRET decrypts is of no use.
        if not self.instance.secret:
            self.made = self.instance.secret = signing.new_secret()
        return super().save(commit)
