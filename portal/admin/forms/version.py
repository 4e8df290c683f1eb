"""The form for adding a mapping version."""

import hashlib
import json
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.html import escape

from connect.clients import heroku_connect, http
from connect.clients.accounts import remote_of
from connect.mappings import lint, placeholders, templates, uploads
from connect.models import Connection, MappingTemplate, Package
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
    connection = (
        found.exclude(connection_id="").select_related("tenant", "template", "host_app").first()
    )
    if connection is None:
        raise NoSuchTenant(f"{org_id} has no connection whose mappings could be read.")
    exported = heroku_connect.export(remote_of(connection))
    return connection, uploads.tidy(exported)


class MappingTemplateForm(ModelForm):
    """Reads mappings from a file, a tenant or the text field, and checks them.

    A browser sends a file once. Where the form comes back, the file's text is in the text field.
    """

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
    # The file whose text the field holds, and the hash of that text.
    kept_file = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)
    kept_hash = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    class Meta:
        model = MappingTemplate
        fields = ("notes", "package")
        widgets = {"notes": forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kept = self.data.get("kept_file")
        if kept:
            self._say_kept(kept)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("upload"):
            self._keep(data["upload"])
            if data.get("org_id"):
                self.add_error("org_id", "Choose one: the file, or this tenant's live mappings.")
        source, self.made_from = self._source(data)
        if source not in self.errors:
            self._read(source, data)
        return data

    def _source(self, data: dict[str, Any]) -> tuple[str, str]:
        if data.get("org_id"):
            return "org_id", f"the live mappings of {data['org_id']}"
        # An unreadable file is an error of its own; another document must not take its place.
        if "upload" in self.errors:
            return "upload", ""
        return "document", self._origin_of_text()

    def _origin_of_text(self) -> str:
        kept = self.data.get("kept_file")
        if not kept:
            return "text"
        edited = _hash(self.data.get("document", "")) != self.data.get("kept_hash")
        return f"the file {kept}{', edited' if edited else ''}"

    def _keep(self, upload: Any) -> None:
        """Put a file's text into the text field, as if it had been pasted there."""
        try:
            text = _text(upload)
        except uploads.BadUpload as error:
            self.add_error("upload", f"{upload.name}: {error} Choose the file again.")
            return
        kept = {"document": text, "kept_file": upload.name, "kept_hash": _hash(text)}
        # A page that comes back shows what was sent.
        self.data = {name: self.data[name] for name in self.data} | kept
        self.cleaned_data.update(kept)
        self._say_kept(upload.name)

    def _say_kept(self, name: str) -> None:
        text = f"The text below is that of {name}. Choose a file only to replace it."
        # On the bound field, which has taken the help text of its field before clean() runs.
        self["upload"].help_text = escape(text)

    def _read(self, source: str, data: dict[str, Any]) -> None:
        try:
            document, namespace = self._document(source, data)
        except (uploads.BadUpload, NoSuchTenant) as error:
            self.add_error(source, f"{self._file_named(source)}{error}")
        except http.RemoteError as error:
            self.add_error(source, f"The live mappings cannot be read now. {error.words}")
        else:
            data["document"] = placeholders.generalize(document, namespace)
            self._check(source, data)

    def _file_named(self, source: str) -> str:
        """Return the start of an error about a file's text; "" if no file was chosen."""
        kept = self.data.get("kept_file") if source == "document" else ""
        return f"{kept}: " if kept else ""

    def _document(self, source: str, data: dict[str, Any]) -> tuple[dict[str, Any], str]:
        namespace = data.get("namespace", "")
        if source == "org_id":
            connection, document = live_export(data["org_id"])
            return document, connection.tenant.namespace or namespace
        pasted = data.get("document", "").encode("utf-8", "surrogatepass")
        return uploads.read(pasted), namespace

    def _check(self, source: str, data: dict[str, Any]) -> None:
        findings = templates.findings(data["document"])
        errors, warnings = lint.errors(findings), lint.warnings(findings)
        package, named = data.get("package", Package.CURRENT), self._file_named(source)
        if errors:
            self.add_error(source, [f"{named}{found.explained}" for found in errors])
        elif same := templates.same_as_newest(data["document"], package):
            text = f"{named}This is the same as {str(same).lower()}, the newest one for "
            self.add_error(source, f"{text}{same.get_package_display().lower()}. Change something.")
        elif warnings and not data.get("accept_warnings"):
            lines = [found.explained for found in warnings]
            self.add_error("accept_warnings", ["Read these warnings, then tick the box:", *lines])


def _text(upload: Any) -> str:
    """Return a file's text; the size is checked before the file is read. Raises BadUpload."""
    if (upload.size or 0) > uploads.MAX_BYTES:
        raise uploads.BadUpload(uploads.too_large(upload.size or 0))
    return uploads.text_of(bytes(upload.read()))


def _hash(text: str) -> str:
    # Browsers send the lines of a text field with other ends than those of the file.
    return hashlib.sha256("\n".join(text.strip().splitlines()).encode()).hexdigest()


def pretty(document: Any) -> str:
    """Return a document as text for a person to edit."""
    return json.dumps(document, indent=2, ensure_ascii=False)
