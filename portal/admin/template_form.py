"""Adding a version of the mappings that every tenant gets."""

import json
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings

from connect.mappings import lint, templates
from connect.models import MappingTemplate

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[MappingTemplate]
else:
    ModelForm = forms.ModelForm


class IndentedJSONField(forms.JSONField):
    """JSON that a person can read while editing it."""

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return json.dumps(value, indent=2, ensure_ascii=False)
        return super().prepare_value(value)


class MappingTemplateForm(ModelForm):
    """Refuses what Heroku Connect would refuse, before any tenant gets it."""

    document = IndentedJSONField(
        widget=forms.Textarea(
            attrs={"rows": 30, "class": "vLargeTextField code", "spellcheck": "false"}
        ),
        help_text="Heroku Connect's own export format; {ns} stands where an org's namespace goes.",
    )

    class Meta:
        model = MappingTemplate
        fields = ("notes", "document")
        widgets = {"notes": forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"})}

    def clean_document(self) -> dict[str, Any]:
        document = self.cleaned_data["document"]
        if not isinstance(document, dict):
            raise forms.ValidationError("It must be one JSON object with a list “mappings”.")
        filled = templates.fill(document, settings.FORCE_NAMESPACE)
        findings = lint.errors(lint.check(filled, settings.HEROKU_CONNECT_PLAN))
        if findings:
            raise forms.ValidationError([str(found) for found in findings])
        return document
