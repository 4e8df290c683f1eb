"""What staff add and change by a form stands in the audit trail, with some former values."""

import json
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.db.models import Model
from django.forms import Field, ModelChoiceField
from django.http import HttpRequest

from portal import audit
from portal.models import AuditKind

# Only the stubs of Django's class take a type argument.
if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin


class Audited(ModelAdmin):
    """A page that notes what is saved on it."""

    audit_kind = AuditKind.SAVED
    # Fields whose former values are noted. Entries outlive an erased tenant, so no data of one may
    # be among them: its own timeline holds that.
    noted_fields: tuple[str, ...] = ()

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> list[dict[str, Any]]:
        said: list[dict[str, Any]] = super().construct_change_message(request, form, formsets, add)
        if form.changed_data and not add:
            fields = said[0]["changed"]["fields"]
            said[0]["changed"]["fields"] = [
                f"{label} (before: {_shown(form.fields[name], form.initial.get(name))})"
                if name in self.noted_fields
                else label
                for name, label in zip(form.changed_data, fields, strict=True)
            ]
        return said

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> LogEntry:
        self._audit(request, "Added", obj, message)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> LogEntry:
        self._audit(request, "Changed", obj, message)
        return super().log_change(request, obj, message)

    def audited(self, obj: Any) -> str:
        """Return what else the entry says of a row that was saved."""
        return ""

    def _audit(self, request: HttpRequest, verb: str, obj: Model, message: Any) -> None:
        said = message if isinstance(message, str) else json.dumps(message)
        result = f"{LogEntry(change_message=said).get_change_message()} {self.audited(obj)}"
        what = f"{verb} {self.opts.verbose_name}"
        audit.note(self.audit_kind, what, request=request, about=str(obj), result=result.strip())


def _shown(field: Field, value: Any) -> str:
    """Return what a field of a form held."""
    if isinstance(value, list):
        return ", ".join(sorted(map(str, value))) or "none"
    # Of another row, a form holds the key.
    if isinstance(field, ModelChoiceField) and field.queryset is not None and value:
        value = field.queryset.filter(pk=value).first()
    return "none" if value in (None, "") else str(value)
