"""The form that chooses the version for new tenants."""

from typing import TYPE_CHECKING, Any

from django import forms

from connect.mappings import lint, plans, templates
from connect.models import DefaultTemplate

# Only the stubs of Django's class take a type argument.
if TYPE_CHECKING:
    ModelForm = forms.ModelForm[DefaultTemplate]
else:
    ModelForm = forms.ModelForm


class DefaultTemplateForm(ModelForm):
    """Refuses a version that the chosen plan, or each possible one, cannot take."""

    class Meta:
        model = DefaultTemplate
        fields = ("plan", "environment", "template")

    def clean_plan(self) -> str:
        plan: str = self.cleaned_data["plan"]
        if plan and not lint.is_plan(plan):
            raise forms.ValidationError(f"{plan} is not a plan. Write it as herokuconnect:demo.")
        return plan

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        template, plan = data.get("template"), data.get("plan")
        if template:
            found = templates.findings(template.document, [plan] if plan else plans.possible())
            for each in lint.errors(found):
                self.add_error("template", each.explained)
        return data
