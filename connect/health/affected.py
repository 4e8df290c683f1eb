"""The live connections that an incident is about."""

from django.db.models import Q, QuerySet
from django.utils import timezone

from connect.health import common, healing
from connect.models import Connection, Incident, IncidentKind, Stage


def of(incident: Incident) -> QuerySet[Connection]:
    """Return the connections that an incident is about, by their tenants' names.

    For an incident of a region, an account or a database these are all that depend on it now.
    """
    return _rows(incident).select_related("tenant").order_by("tenant__name", "pk")


def _rows(incident: Incident) -> QuerySet[Connection]:
    live, scope = Connection.objects.filter(stage=Stage.LIVE), incident.scope
    if incident.connection_id:
        return Connection.objects.filter(pk=incident.connection_id)
    match incident.kind:
        case IncidentKind.STALE:
            return common.stale(timezone.now())
        case IncidentKind.DATABASE:
            return healing.of_database(scope)
        case IncidentKind.TOKEN:
            none = Q(host_app=None) if not scope else Q(pk=None)
            return live.filter(Q(host_app__account=scope) | none)
    of_region = live.filter(region_url=incident.region_url)
    return of_region.filter(host_app__name=scope) if scope else of_region
