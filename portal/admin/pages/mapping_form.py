"""Changing the mapping of one object for one tenant."""

from typing import Any

from django import forms

from connect.mappings import lint
from connect.models import Mapping


class EditMappingForm(forms.Form):
    """The settings of a mapping as last seen, with the revision that they were seen in."""

    access = forms.ChoiceField(choices=[(mode, mode) for mode in lint.ACCESS_MODES])
    sf_polling_seconds = forms.IntegerField(
        label="Seconds between polls", max_value=lint.MAX_POLLING_SECONDS, min_value=60
    )
    upsert_field = forms.CharField(
        required=False,
        label="Unique identifier",
        help_text="The field by which writes are upserts.",
    )
    fields_wanted = forms.CharField(
        label="Fields",
        widget=forms.Textarea(attrs={"rows": 16, "class": "code", "spellcheck": "false"}),
        help_text="API names, one a line.",
    )
    revision = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, mapping: Mapping, data: Any = None) -> None:
        config = mapping.config
        seen = {
            "access": config.get("access"),
            "sf_polling_seconds": config.get("sf_polling_seconds"),
            "upsert_field": config.get("upsert_field") or "",
            "fields_wanted": "\n".join(config.get("fields", {})),
            "revision": config.get("revision"),
        }
        super().__init__(data, initial=seen)

    def config(self) -> dict[str, Any]:
        """Return the part of the configuration that the form is about."""
        data = self.cleaned_data
        names = [line.strip() for line in data["fields_wanted"].splitlines()]
        return {
            "access": data["access"],
            "sf_polling_seconds": data["sf_polling_seconds"],
            "upsert_field": data["upsert_field"] or None,
            "fields": {name: {} for name in names if name},
        }
