"""The form for correcting a tenant's data."""

import json
from typing import TYPE_CHECKING, Any

from django import forms

from tenants import claims
from tenants.models import Tenant

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Tenant]
else:
    ModelForm = forms.ModelForm

_AS_CLAIMED = {"name": "org_name"}


class TenantForm(ModelForm):
    """Validates with the same rules as a callout."""

    class Meta:
        model = Tenant
        fields = ("name", "admin_email", "environment", "login_domain", "namespace")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        said = {_AS_CLAIMED.get(name, name): value for name, value in data.items()}
        said["org_id"] = self.instance.org_id
        try:
            claimed = claims.read(claims.JSON, json.dumps(said).encode())
        except claims.Invalid as error:
            self._blame(error.errors)
            return data
        return {**data, **claimed.stated}

    def _blame(self, errors: dict[str, str]) -> None:
        by_field = {_AS_CLAIMED.get(name, name): name for name in self.fields}
        for claim, why in errors.items():
            name = by_field.get(claim)
            if name is None or name not in self.errors:
                self.add_error(name, why)
