"""The pages of staff that are measured: the address of each, and what happens before a request."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.contrib import admin
from django.core.cache import caches
from django.urls import reverse

from bench.fleet.history import request_id
from bench.fleet.of_portal import TOKEN
from connect.models import Incident, Mapping, Rollout, WriteError
from portal import audit
from portal.models import AuditKind, BulkRun
from tenants.models import Tenant

TENANT = 7  # the fleets are the same up to the hundredth tenant
CHANGED = "page of "
SEARCHES = (
    ("their move", "attention=subscriber"),
    ("needs attention", "attention=any"),
    ("live", "standing=live"),
    ("by a name", "q=arbor"),
    ("by an org id", "q=00D7g0000000042EAA"),
)
FINDS = (
    ("a name", "arbor"),
    ("an org id", "00D7g0000000042EAA"),
    ("a number", "2"),
    ("a request id", request_id(TENANT)),
)


@dataclass(frozen=True)
class Page:
    """A page. `address` is asked for in each fleet, whose keys may differ."""

    name: str
    address: Callable[[], str]
    before: Callable[[], object] = lambda: None
    headers: dict[str, str] = field(default_factory=dict)


def pages() -> Iterator[Page]:
    """Yield the dashboard, every list, pages of one row, fragments, and the searches."""
    yield from _whole()
    yield from _of_rows()
    yield from _fragments()
    yield from _lists()
    yield from _searches()


def named(name: str, key: Callable[[], int] | None = None, *, query: str = "") -> Callable[[], str]:
    """Return what makes an address, of a row or of a list."""

    def address() -> str:
        return f"{reverse(name, args=[key()] if key else [])}?{query}"

    return address


def press() -> None:
    """Have the dashboard read all its cards again: it keeps them for some seconds."""
    audit.note(AuditKind.PRESSED, "Bench", actor="bench")


def forget() -> None:
    """Forget what is kept for some seconds: everything is counted again."""
    caches["default"].clear()
    caches["shared"].clear()


def _whole() -> Iterator[Page]:
    yield Page("dashboard", named("admin:index"))
    yield Page("dashboard, first look", named("admin:index"), forget)
    yield Page("dashboard, its cards again", named("dashboard"))
    yield Page("dashboard, all counted again", named("dashboard"), caches["shared"].clear)
    yield Page("worklist", named("worklist"))
    yield Page("worklist, first look", named("worklist"), forget)
    for name in ("fleet", "setup", "runbook"):
        yield Page({"fleet": "fleet over time"}.get(name, name), named(name))
    token = {"Authorization": f"Bearer {TOKEN}"}
    yield Page("read API, tenants", named("api-tenants"), headers=token)
    yield Page("read API, health", named("api-health"), headers=token)


def _of_rows() -> Iterator[Page]:
    yield Page(f"{CHANGED}a tenant", named("admin:tenants_tenant_change", _tenant))
    yield Page(f"{CHANGED}a connection", named("admin:connect_connection_change", _tenant))
    yield Page(f"{CHANGED}an incident", named("admin:connect_incident_change", _incident))
    yield Page(f"{CHANGED}a roll-out of all", named("admin:connect_rollout_change", _rollout))
    yield Page(f"{CHANGED}a bulk run of all", named("admin:portal_bulkrun_change", _run))
    yield Page(f"{CHANGED}a mapping", named("admin:connect_mapping_change", _mapping))
    yield Page(f"{CHANGED}a write error", named("admin:connect_writeerror_change", _error))


def _fragments() -> Iterator[Page]:
    yield Page("fragment of the worklist", named("worklist-rows"))
    yield Page("fragment of a tenant", named("admin:tenants_tenant_live", _tenant))
    yield Page("fragment of a bulk run of all", named("admin:portal_bulkrun_live", _run))
    yield Page("fragment of a write error", named("admin:connect_writeerror_live", _error))


def _lists() -> Iterator[Page]:
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
        yield Page(f"list of {model._meta.verbose_name_plural}", named(name))


def _searches() -> Iterator[Page]:
    tenants = "admin:tenants_tenant_changelist"
    for label, query in SEARCHES:
        yield Page(f"list of tenants, {label}", named(tenants, query=query))
    yield Page("list of tenants, by an e-mail", _by_mail)
    for label, query in SEARCHES[:3]:
        page = named(tenants, query=query)
        yield Page(f"list of tenants, {label}, first look", page, forget)
    for label, typed in FINDS:
        query = urlencode({"q": typed})
        yield Page(f"find {label}", named("find-options", query=query))
    yield Page("find, its page", named("find", query="q=arbor"))


def _by_mail() -> str:
    found = {"q": Tenant.objects.get(pk=TENANT).admin_email}
    return f"{reverse('admin:tenants_tenant_changelist')}?{urlencode(found)}"


def _tenant() -> int:
    return TENANT


def _incident() -> int:
    return Incident.objects.order_by("pk").values_list("pk", flat=True)[0]


def _rollout() -> int:
    return Rollout.objects.order_by("-pk").values_list("pk", flat=True)[0]


def _run() -> int:
    return BulkRun.objects.filter(about="").order_by("-pk").values_list("pk", flat=True)[0]


def _mapping() -> int:
    return Mapping.objects.order_by("pk").values_list("pk", flat=True)[0]


def _error() -> int:
    return WriteError.objects.order_by("pk").values_list("pk", flat=True)[0]
