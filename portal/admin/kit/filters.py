"""Filters behind the dashboard's numbers: each selects exactly the rows that were counted."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db.models import Exists, Model, OuterRef, QuerySet
from django.db.models.expressions import RawSQL
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from connect.health import conditions
from connect.models import Condition, Connection, HostApp, Mapping
from connect.placement import costs
from connect.standing import Word, with_word
from portal.admin.kit.subjects import KEPT_SECONDS
from portal.dashboard.attention import CAUSES, awake
from portal.dashboard.troubles import in_trouble
from portal.dashboard.worklist.wanted import MAX_CHOICES, ME, NAMED, NOBODY, condition
from portal.questions import later

# To find those in trouble, the whole fleet is judged. More than so many are kept for some seconds.
MANY_IN_TROUBLE = 500
_IN_TROUBLE = "tenants-in-trouble"
# Few connections are gone, so leaving those out costs less than looking the others up.
_GONE = Connection.objects.filter(pk=OuterRef("connection"), offboarded_at__isnull=False)


class AttentionFilter(admin.SimpleListFilter):
    """Why a row needs staff."""

    title = "attention"
    parameter_name = "attention"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(cause.name, cause.label) for cause in CAUSES if cause.model is model_admin.model]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        keys = self._keys(queryset.model, str(self.value()), timezone.now())
        return queryset if keys is None else queryset.filter(pk__in=keys)

    def _keys(self, model: type[Model], name: str, now: datetime) -> QuerySet[Any] | RawSQL | None:
        """Return the keys of the rows behind one choice; None for a choice that does not exist."""
        found = (each for each in CAUSES if each.model is model and each.name == name)
        cause = next(found, None)
        return cause.keys(now) if cause else None


class TenantAttentionFilter(AttentionFilter):
    """The same for tenants, and whether they wait for their subscriber or are snoozed."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        more = [("subscriber", "Waiting for the subscriber"), ("snoozed", "Snoozed")]
        return [("any", "Anything"), *super().lookups(request, model_admin), *more]

    def _keys(self, model: type[Model], name: str, now: datetime) -> QuerySet[Any] | RawSQL | None:
        current = Connection.objects.filter(offboarded_at=None).order_by()
        if name == "any":
            return RawSQL("SELECT unnest(%s::bigint[])", [in_trouble_now(now)])
        if name == "subscriber":
            return current.filter(waiting_on="subscriber").values("tenant")
        if name == "snoozed":
            return current.filter(snoozed_until__gt=now).values("tenant")
        return super()._keys(model, name, now)


def in_trouble_now(now: datetime) -> list[int]:
    """Return the keys of the tenants that need attention; many are at most KEPT_SECONDS old."""
    kept: list[int] | None = cache.get(_IN_TROUBLE)
    if kept is not None:
        return kept
    rows = awake(Connection.objects.filter(offboarded_at=None).order_by(), now)
    found = list(in_trouble(rows, now).values_list("tenant", flat=True))
    if len(found) > MANY_IN_TROUBLE:
        cache.set(_IN_TROUBLE, found, KEPT_SECONDS)
    return found


class StandingFilter(admin.SimpleListFilter):
    """The word of a connection's badge, on a list of connections or of their tenants."""

    title = "standing"
    parameter_name = "standing"
    words = tuple(word for word in Word if word != Word.NEW)

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(word.value), str(word.label)) for word in self.words]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = str(self.value())
        return self.with_word(queryset, Word(value)) if value in self.words else queryset

    def with_word(self, rows: QuerySet[Any], word: Word) -> QuerySet[Any]:
        """Return the rows whose badge says this word."""
        return rows.filter(with_word(word, timezone.now()))


class TenantStandingFilter(StandingFilter):
    """The same for tenants, which may have no current connection: they are new, or gone."""

    words = tuple(Word)

    def with_word(self, rows: QuerySet[Any], word: Word) -> QuerySet[Any]:
        current = Connection.objects.filter(offboarded_at=None).order_by()
        if word == Word.OFFBOARDED:
            return rows.filter(offboarded_at__isnull=False)
        if word == Word.NEW:
            has_none = ~Exists(current.filter(tenant=OuterRef("pk")))
            return rows.filter(has_none, offboarded_at=None)
        said = current.filter(with_word(word, timezone.now()))
        return rows.filter(pk__in=said.values("tenant"))


class AskedFilter(admin.SimpleListFilter):
    """A filter whose choices are rows, asked with the page's other questions."""

    def __init__(self, request: HttpRequest, *args: Any) -> None:
        super().__init__(request, *args)
        asked = later(request, self.asked()[:MAX_CHOICES])
        made = SimpleLazyObject(lambda: self.made(asked()))
        self.lookup_choices = made  # type: ignore[assignment]

    def asked(self) -> QuerySet[Any, Any]:
        """Return the values to choose from."""
        raise NotImplementedError

    def made(self, values: list[str]) -> list[tuple[str, str]]:
        """Return the choices."""
        return [(value, value) for value in values]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return []

    def has_output(self) -> bool:
        return True


class OwnerFilter(AskedFilter):
    """Who looks after a row: the reader, nobody, or a member of staff by name."""

    title = "owner"
    parameter_name = "owner"

    def asked(self) -> QuerySet[Any, Any]:
        staff = User.objects.filter(is_staff=True, is_active=True)
        return staff.order_by("username").values_list("username", flat=True)

    def made(self, values: list[str]) -> list[tuple[str, str]]:
        return [(ME, "Me"), (NOBODY, "Nobody"), *((f"{NAMED}{each}", each) for each in values)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value, reader = self.value(), request.user.get_username()
        return queryset.filter(condition("owner", "owner", value, reader)) if value else queryset


class OrgFilter(admin.SimpleListFilter):
    """Whether a tenant's org is a sandbox, as the worklist asks it."""

    title = "org"
    parameter_name = "org"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("production", "Production"), ("sandbox", "Sandbox")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = str(self.value())
        if value not in dict(self.lookup_choices):
            return queryset
        return queryset.filter(condition("environment", "", value, ""))


class RegionFilter(AskedFilter):
    """The region of the host app of a tenant's current connection."""

    title = "region"
    parameter_name = "region"

    def asked(self) -> QuerySet[Any, Any]:
        return HostApp.objects.order_by("region").values_list("region", flat=True).distinct()

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.value():
            return queryset
        current = Connection.objects.filter(offboarded_at=None, host_app__region=self.value())
        return queryset.filter(pk__in=current.order_by().values("tenant"))


class ConditionFilter(admin.SimpleListFilter):
    """The condition now of a live connection, on a list of connections or of their health."""

    title = "condition"
    parameter_name = "condition"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(each.value, str(each.label)) for each in Condition]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = str(self.value())
        if value not in Condition.values:
            return queryset
        selects = conditions.of_connection if queryset.model is Connection else conditions.of_health
        return queryset.filter(selects(Condition(value)))


class PutOffFilter(admin.SimpleListFilter):
    """Whether staff paused or snoozed the connection until a time."""

    title = "put off"
    parameter_name = "put_off"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("paused", "Paused until a time"), ("snoozed", "Snoozed")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Connection]
    ) -> QuerySet[Connection]:
        if self.value() == "paused":
            return queryset.filter(paused_until__isnull=False)
        if self.value() == "snoozed":
            return queryset.filter(snoozed_until__gt=timezone.now())
        return queryset


class CostFilter(admin.SimpleListFilter):
    """Whether Heroku bills for an add-on that is not live."""

    title = "cost"
    parameter_name = "cost"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("idle", "Costs and is not live")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Connection]
    ) -> QuerySet[Connection]:
        return queryset.filter(costs.idle()) if self.value() == "idle" else queryset


class FailedRowsFilter(admin.SimpleListFilter):
    """Mappings of current connections for which Heroku Connect counts failed rows.

    The portal's own count of failed writes is another one: see connect.write_errors.counts.
    """

    title = "failed (Heroku Connect's count)"
    parameter_name = "failed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Some")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Mapping]) -> QuerySet[Mapping]:
        if self.value() != "yes":
            return queryset
        return queryset.filter(~Exists(_GONE), rows_failed__gt=0)
