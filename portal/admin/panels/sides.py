"""Two sides of a comparison, each a mapping version or a tenant's live mappings."""

from dataclasses import dataclass
from typing import Any

from django import forms

from connect.clients import http
from connect.mappings import diff, last_seen, placeholders, uploads
from connect.mappings.changes import rows_read
from connect.models import MappingTemplate
from portal.admin.forms.version import NoSuchTenant, live_export
from portal.admin.panels import comparison


@dataclass(frozen=True)
class Side:
    """One side of a comparison; `rows` is the row count by object."""

    title: str
    document: dict[str, Any]
    rows: dict[str, int | None]
    namespace: str = ""
    is_live: bool = False


class SideForm(forms.Form):
    """Chooses a version, or a tenant's live mappings."""

    version = forms.ModelChoiceField(MappingTemplate.objects.all(), required=False)
    org_id = forms.CharField(required=False, max_length=18, label="or a tenant's org id")

    def read(self) -> Side | None:
        """Return the chosen side; None if the form is empty or invalid."""
        if not self.is_valid():
            return None
        template, org_id = self.cleaned_data["version"], self.cleaned_data["org_id"]
        if org_id:
            return self._live(org_id)
        if template is None:
            return None
        return Side(str(template), template.document, comparison.rows_on(template))

    def _live(self, org_id: str) -> Side | None:
        try:
            connection, document = live_export(org_id)
        except (NoSuchTenant, uploads.BadUpload) as error:
            self.add_error("org_id", str(error))
        except http.RemoteError as error:
            self.add_error("org_id", f"The live mappings cannot be read now. {error.words}")
        else:
            rows, namespace = last_seen.row_counts(connection), connection.tenant.namespace
            return Side(f"{connection.tenant}, live", document, rows, namespace, is_live=True)
        return None


def compare(left: SideForm, right: SideForm) -> dict[str, Any]:
    one, other = left.read(), right.read()
    if one is None or other is None:
        return {}
    namespace = one.namespace or other.namespace
    # Names in an org include the namespace, so the version needs it too.
    if one.is_live or other.is_live:
        documents = [placeholders.fill(each.document, namespace) for each in (one, other)]
    else:
        documents = [one.document, other.document]
    changes = diff.compare(*documents)
    return {
        "left_title": one.title,
        "right_title": other.title,
        "sections": comparison.sections(changes, one.rows),
        "same": not changes,
        "rows_read": rows_read(changes, one.rows),
    }
