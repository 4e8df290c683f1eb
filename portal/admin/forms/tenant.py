"""The form for correcting a tenant's data."""

import json
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.validators import validate_email

from tenants import callout_data
from tenants.models import Tenant

# Only the stubs of Django's class take a type argument.
if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Tenant]
else:
    ModelForm = forms.ModelForm

# What a callout gives too, and what is only for staff.
OF_ORG = ("name", "admin_email", "environment", "login_domain", "namespace")
OF_CARE = ("alert_to", "heals_itself", "look_every")
MAX_ALERTED = 5
_CALLOUT_NAMES = {"name": "org_name"}


class TenantForm(ModelForm):
    """Values from staff are checked by the same rules as those of a callout."""

    class Meta:
        model = Tenant
        fields = (*OF_ORG, *OF_CARE)

    def clean_alert_to(self) -> str:
        given = str(self.cleaned_data["alert_to"]).split(",")
        addresses = list(dict.fromkeys(each.strip() for each in given if each.strip()))
        if len(addresses) > MAX_ALERTED:
            raise forms.ValidationError(f"Give {MAX_ALERTED} addresses at the most.")
        for each in addresses:
            try:
                validate_email(each)
            except forms.ValidationError:
                raise forms.ValidationError(f"{each} is not an e-mail address.") from None
        return ", ".join(addresses)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        of_org = {name: value for name, value in data.items() if name in OF_ORG}
        values = {_CALLOUT_NAMES.get(name, name): value for name, value in of_org.items()}
        values["org_id"] = self.instance.org_id
        try:
            checked = callout_data.parse(callout_data.JSON, json.dumps(values).encode())
        except callout_data.Invalid as error:
            self._add_errors(error.errors)
            return data
        return {**data, **checked.values}

    def _add_errors(self, errors: dict[str, str]) -> None:
        by_field = {_CALLOUT_NAMES.get(name, name): name for name in self.fields}
        for field, why in errors.items():
            name = by_field.get(field)
            # The model's own check of a field has spoken already.
            if name is None or name not in self.errors:
                self.add_error(name, why)
