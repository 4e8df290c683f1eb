"""The editor of mapping versions: the document travels with the form, and one object is open.

Nothing is stored until a version is made, so the page works with plain posts.
"""

from typing import Any

from django import forms
from django.db.models import QuerySet

from connect.clients.org_objects import ObjectFacts
from connect.mappings import editing, lint
from connect.models import Connection, MappingTemplate, Stage

MAX_ORGS = 200  # in the list of suggestions
_PLAIN = {"autocomplete": "off", "spellcheck": "false"}


class StartForm(forms.Form):
    """Chooses the version to begin with, and the org whose fields are shown."""

    version = forms.ModelChoiceField(MappingTemplate.objects.all(), label="Begin with")
    org_id = forms.CharField(
        max_length=18,
        label="Fields of the org",
        help_text="The org id of a live tenant.",
        widget=forms.TextInput(attrs={"list": "orgs", **_PLAIN}),
    )

    def chosen(self) -> tuple[MappingTemplate, Connection]:
        """Return the version and the connection; the form is valid."""
        return self.cleaned_data["version"], self.cleaned_data["org_id"]

    def clean_org_id(self) -> Connection:
        given = self.cleaned_data["org_id"].strip()
        found = live_connections().filter(tenant__org_id__iexact=given).first()
        if found is None:
            raise forms.ValidationError(f"{given} is not the org id of a live tenant.")
        return found


def live_connections() -> QuerySet[Connection]:
    """Return the connections through which an org can be asked, by the tenant's name."""
    found = Connection.objects.filter(stage=Stage.LIVE).select_related("tenant")
    return found.order_by("tenant__name")


class ObjectForm(forms.Form):
    """The open object: its settings, and the names that are ticked."""

    access = forms.ChoiceField(choices=[(mode, mode) for mode in lint.ACCESS_MODES])
    polling = forms.IntegerField(
        label="Seconds between polls", min_value=60, max_value=lint.MAX_POLLING_SECONDS
    )
    identifier = forms.ChoiceField(required=False, label="Unique identifier (upsert)")
    way = forms.CharField(
        required=False,
        max_length=120,
        label="Add a relationship by external id",
        help_text="The relationship, two underscores, and the parent's external id: "
        "Account__Key__c, Parent__r__Key__c.",
        widget=forms.TextInput(attrs=_PLAIN),
    )

    def __init__(self, data: Any, known: ObjectFacts, config: dict[str, Any], chosen: str) -> None:
        names = dict.fromkeys([*editing.identifiers(known), *filter(None, [chosen])])
        first = {
            "access": config.get("access"),
            "polling": config.get("sf_polling_seconds"),
            "identifier": chosen,
        }
        super().__init__(data, initial=first)
        field = self.fields["identifier"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  (declared above)
        field.choices = [("", "none"), *((name, name) for name in names)]

    def answers(self, fields: list[str], indexes: list[str]) -> editing.Answers:
        """Return what was chosen; the form is valid."""
        way = self.cleaned_data["way"].strip()
        return editing.Answers(
            access=self.cleaned_data["access"],
            polling=self.cleaned_data["polling"],
            identifier=self.cleaned_data["identifier"],
            fields=[*fields, *([way] if way else [])],
            indexes=[each for each in indexes if each in fields],
        )


class SaveForm(forms.Form):
    """What the next version says of itself."""

    notes = forms.CharField(widget=forms.Textarea(attrs={"rows": 2}), required=False)
    accept_warnings = forms.BooleanField(required=False, label="Save despite warnings")
