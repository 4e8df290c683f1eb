"""The form for creating a roll-out."""

import re
from typing import TYPE_CHECKING, Any

from django import forms

from connect.models import Connection, MappingTemplate, Rollout, RolloutKind, Tag
from connect.rollouts import choosing, creating
from connect.rollouts.choosing import Choice
from tenants import orgid
from tenants.models import Environment, Tenant

# Only the stubs of Django's class take a type argument.
if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Rollout]
else:
    ModelForm = forms.ModelForm

_ANY = [("", "any"), *Environment.choices]
_API_VERSION = re.compile(r"(\d{2,3})(\.0)?")


class RolloutForm(ModelForm):
    """Chooses among the tenants that are live and in no other unfinished roll-out."""

    refusal = ""  # why it could not be made a moment ago, although its fields are in order
    previews = False  # show what it would do, and store nothing

    org_ids = forms.CharField(
        required=False,
        label="Only these org ids",
        widget=forms.Textarea(attrs={"rows": 4, "class": "code"}),
        help_text="One for each line; empty for all.",
    )
    environment = forms.ChoiceField(required=False, choices=_ANY)
    plan = forms.CharField(required=False, help_text="e.g. herokuconnect:enterprise")
    version_now = forms.ModelChoiceField(
        MappingTemplate.objects.all(), required=False, label="Has this version now"
    )
    api_version_now = forms.CharField(
        required=False, label="Has this API version now", help_text="e.g. 60.0"
    )
    tag = forms.ModelChoiceField(Tag.objects.all(), required=False)
    share = forms.IntegerField(
        initial=100,
        min_value=1,
        max_value=100,
        label="Share in %",
        help_text="Of the matching tenants; random, rounded up.",
    )

    canary_tag = forms.ModelChoiceField(
        Tag.objects.all(),
        required=False,
        label="Canary tenants with this tag first",
        help_text="If they are too few, others fill the canary group.",
    )

    class Meta:
        model = Rollout
        fields = (
            "kind",
            "template",
            "api_version",
            "notes",
            "canary_size",
            "hold_after_canary",
            "wave_size",
            "failure_limit",
            "prune",
        )
        widgets = {"notes": forms.Textarea(attrs={"rows": 2, "class": "vLargeTextField"})}
        help_texts = {"api_version": "Only for that kind; e.g. 61.0"}

    def clean_api_version(self) -> str:
        given: str = self.cleaned_data["api_version"].strip()
        match = _API_VERSION.fullmatch(given)
        if given and match is None:
            raise forms.ValidationError("An API version is a number of two or three digits: 61.0")
        return f"{match[1]}.0" if match else ""

    def clean_org_ids(self) -> list[int]:
        lines = [line.strip() for line in self.cleaned_data["org_ids"].splitlines() if line.strip()]
        try:
            wanted = [orgid.normalize(line) for line in lines]
        except orgid.BadOrgId as error:
            raise forms.ValidationError(str(error)) from None
        known = dict(Tenant.objects.filter(org_id__in=wanted).values_list("org_id", "pk"))
        unknown = sorted(set(wanted) - known.keys())
        if unknown:
            raise forms.ValidationError(f"No such tenants: {', '.join(unknown)}")
        return list(known.values())

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("kind") == RolloutKind.API_VERSION:
            # The page keeps what was chosen for the other kind.
            data["template"] = None
            if not data.get("api_version") and "api_version" not in self.errors:
                self.add_error("api_version", "Choose an API version.")
        else:
            data["api_version"] = ""
            if not data.get("template"):
                self.add_error("template", "Choose a version.")
        if data.get("canary_tag") and data.get("canary_size") == 0:
            self.add_error("canary_size", "Give the canary group a size, or choose no tag for it.")
        # Choosing needs every field.
        if self.refusal:
            raise forms.ValidationError(self.refusal)
        if not self.errors:
            self._choose(data)
        return data

    def _choose(self, data: dict[str, Any]) -> None:
        choice = Choice(
            tenants=data["org_ids"],
            environment=data["environment"],
            plan=data["plan"],
            version=data["version_now"],
            api_version=data["api_version_now"],
            tag=data["tag"],
            share=data["share"],
        )
        # A second roll-out of the same version gets the same random order.
        salt = str(data["template"] or data["api_version"])
        self.chosen: list[Connection] = choosing.choose(choice, salt)
        self.unmet = choosing.unmet(choice, self.chosen)
        if not self.chosen:
            none = "No live tenant without another open roll-out matches."
            raise forms.ValidationError([none, *(f"{each}." for each in self.unmet)])
        self.first = choosing.tagged(self.chosen, data["canary_tag"])

    def is_valid(self) -> bool:
        # Django shows a form that is not valid again, and that is where the preview stands.
        return super().is_valid() and not self.previews

    def create(self, actor: str) -> Rollout:
        """Store the roll-out. Raises TransitionRefused where others were quicker."""
        self.instance.author = actor
        return creating.create(self.instance, self.chosen, first=self.first, unmet=self.unmet)
