"""The form for adding a mapping version."""

import json
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings

from connect.clients import heroku_connect, http
from connect.mappings import lint, placeholders, uploads
from connect.models import Connection, MappingTemplate
from tenants import orgid

# Only the stubs of Django's class take a type argument.
if TYPE_CHECKING:
    ModelForm = forms.ModelForm[MappingTemplate]
else:
    ModelForm = forms.ModelForm


class NoSuchTenant(ValueError):
    """The tenant has no readable connection. The text is the reason."""


def live_export(org_id: str) -> tuple[Connection, dict[str, Any]]:
    """Ask Heroku Connect for a tenant's mappings as they are now.

    Raises NoSuchTenant, uploads.BadUpload and http.RemoteError.
    """
    try:
        wanted = orgid.normalize(org_id.strip())
    except orgid.BadOrgId:
        raise NoSuchTenant(f"{org_id} is not an organization id.") from None
    found = Connection.objects.filter(tenant__org_id=wanted, offboarded_at=None)
    connection = found.exclude(connection_id="").select_related("tenant", "template").first()
    if connection is None:
        raise NoSuchTenant(f"{org_id} has no connection whose mappings could be read.")
    exported = heroku_connect.export(connection.region_url, connection.connection_id)
    return connection, uploads.tidy(exported)


class MappingTemplateForm(ModelForm):
    """Reads mappings from a file, a tenant or the text field, and checks them."""

    document = forms.CharField(
        required=False,
        widget=forms.Textarea(
            attrs={"rows": 30, "class": "vLargeTextField code", "spellcheck": "false"}
        ),
        help_text="Heroku Connect's export format. {ns} stands for the org's namespace.",
    )
    upload = forms.FileField(
        required=False, label="Export file", help_text="Instead of the text below."
    )
    org_id = forms.CharField(
        required=False,
        max_length=18,
        label="A tenant's org id",
        help_text="Uses the tenant's live mappings instead of the text below.",
    )
    namespace = forms.CharField(
        required=False,
        max_length=15,
        label="Namespace in it",
        help_text="Is replaced by {ns}; a tenant's own is known.",
    )
    accept_warnings = forms.BooleanField(
        required=False, label="Save despite warnings", help_text="Errors always prevent saving."
    )

    class Meta:
        model = MappingTemplate
        fields = ("notes",)
        widgets = {"notes": forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"})}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        source, self.made_from = self._source(data)
        try:
            document, namespace = self._read(source, data)
        except (uploads.BadUpload, NoSuchTenant) as error:
            self.add_error(source, str(error))
        except http.RemoteError as error:
            self.add_error(source, f"The live mappings cannot be read now. {error.words}")
        else:
            data["document"] = placeholders.generalize(document, namespace)
            self._lint(source, data)
        return data

    def _source(self, data: dict[str, Any]) -> tuple[str, str]:
        if data.get("upload"):
            return "upload", f"the file {data['upload'].name}"
        if data.get("org_id"):
            return "org_id", f"the live mappings of {data['org_id']}"
        return "document", "text"

    def _read(self, source: str, data: dict[str, Any]) -> tuple[dict[str, Any], str]:
        if source == "upload":
            return uploads.read(_bytes(data["upload"])), data["namespace"]
        if source == "org_id":
            connection, document = live_export(data["org_id"])
            return document, connection.tenant.namespace or data["namespace"]
        pasted = data.get("document", "").encode("utf-8", "surrogatepass")
        return uploads.read(pasted), data["namespace"]

    def _lint(self, source: str, data: dict[str, Any]) -> None:
        filled = placeholders.fill(data["document"], settings.FORCE_NAMESPACE)
        org = lint.OrgFacts(settings.FORCE_NAMESPACE)
        findings = lint.check(filled, settings.HEROKU_CONNECT_PLAN, org)
        errors, warnings = lint.errors(findings), lint.warnings(findings)
        if errors:
            self.add_error(source, [str(found) for found in errors])
        elif warnings and not data.get("accept_warnings"):
            lines = [str(found) for found in warnings]
            self.add_error("accept_warnings", ["Read these warnings, then tick the box:", *lines])


def _bytes(upload: Any) -> bytes:
    """Check the size before reading the file."""
    if (upload.size or 0) > uploads.MAX_BYTES:
        raise uploads.BadUpload(uploads.too_large(upload.size or 0))
    return bytes(upload.read())


def pretty(document: Any) -> str:
    """Return a document as text for a person to edit."""
    return json.dumps(document, indent=2, ensure_ascii=False)
