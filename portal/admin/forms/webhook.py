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
        required=False,
        max_length=MAX_URL,
        help_text="https only, on the public internet. It is not shown again. Empty: the stored "
        "one stays.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "vTextField"}),
    )
    kinds = forms.MultipleChoiceField(
        label="Events",
        choices=LifecycleKind.choices,
        initial=every_kind,
        widget=forms.CheckboxSelectMultiple,
    )
    made = ""  # the secret, if this form has made one

    class Meta:
        model = Webhook
        fields = ("name", "kinds", "is_on")

    def clean_new_url(self) -> str:
        given = str(self.cleaned_data["new_url"]).strip()
        if not given and not self.instance.url:
            raise forms.ValidationError("Enter the address that is called.")
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
