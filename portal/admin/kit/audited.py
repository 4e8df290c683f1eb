"""What staff add and change by a form stands in the audit trail."""

import json
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.db.models import Model
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
