"""The form for correcting a tenant's data."""

import json
from typing import TYPE_CHECKING, Any

from django import forms

from tenants import callout_data
from tenants.models import Tenant

# Only the stubs of Django's class take a type argument.
if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Tenant]
else:
    ModelForm = forms.ModelForm

_CALLOUT_NAMES = {"name": "org_name"}


class TenantForm(ModelForm):
    """Values from staff are checked by the same rules as those of a callout."""

    class Meta:
        model = Tenant
        fields = ("name", "admin_email", "environment", "login_domain", "namespace")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        values = {_CALLOUT_NAMES.get(name, name): value for name, value in data.items()}
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
