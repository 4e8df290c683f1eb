"""Sending a tenant's schema as a ZIP of CSV files, to a manager who proves who they are."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponseBase,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.urls import reverse

from connect import databases, kept_schemas, schema_export
from connect.models import Connection, SchemaFate, Stage
from portal import audit
from portal.door import reentry
from portal.models import AuditKind
from tenants import timeline
from tenants.models import EventKind

PERMISSION = "tenants.export_tenant"


def address(request: HttpRequest, connection: Connection | None) -> str:
    """Return where a connection's schema is exported; "" if it has none, or for other people."""
    if connection is None or not request.user.has_perm(PERMISSION) or not _has_schema(connection):
        return ""
    return reverse("admin:connect_connection_schema", args=[connection.pk])


def _has_schema(connection: Connection) -> bool:
    is_dropped = connection.schema_fate == SchemaFate.DROP and connection.stage == Stage.OFFBOARDED
    return bool(connection.schema_name) and not is_dropped


def respond(request: HttpRequest, connection: Connection | None) -> HttpResponseBase:
    """Answer with the file, or go back and say why there is none."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    if connection is None or not _has_schema(connection):
        raise Http404
    reentry.ask(request)
    name, alias = connection.schema_name, databases.alias_of(connection)
    trouble = _trouble(connection)
    if trouble:
        messages.error(request, f"{name} was not exported: {trouble}")
        return HttpResponseRedirect(
            reverse("admin:tenants_tenant_change", args=[connection.tenant_id])
        )
    audit.note(AuditKind.EXPORTED, "Exported a schema", request=request, about=name)
    timeline.note(
        connection.tenant,
        EventKind.STAFF_ACTION,
        f"The export of the schema {name} was begun.",
        actor=request.user.get_username(),
    )
    answer = StreamingHttpResponse(
        schema_export.export(name, alias), content_type="application/zip"
    )
    answer["Content-Disposition"] = f'attachment; filename="{name}.zip"'
    return answer


def _trouble(connection: Connection) -> str:
    found = kept_schemas.sizes([connection])
    if connection.pk not in found:
        return "its database does not answer."
    return "" if found[connection.pk] is not None else "the schema is not in its database."
