"""Filters behind the dashboard's numbers: each selects exactly the rows that were counted."""

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from connect.health import conditions
from connect.models import Condition, Connection, Mapping
from connect.standing import Word, with_word
from portal.dashboard.attention import CAUSES
from tenants.models import Tenant

# Few connections are gone, so leaving those out costs less than looking the others up.
_GONE = Connection.objects.filter(pk=OuterRef("connection"), offboarded_at__isnull=False)


class AttentionFilter(admin.SimpleListFilter):
    """Why a tenant needs staff, or whether it waits for its subscriber."""

    title = "attention"
    parameter_name = "attention"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        causes = [(cause.name, cause.label) for cause in CAUSES]
        return [*causes, ("subscriber", "Waiting for the subscriber"), ("snoozed", "Snoozed")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Tenant]) -> QuerySet[Tenant]:
        now = timezone.now()
        named = {cause.name: cause.connections(now) for cause in CAUSES}
        current = Connection.objects.filter(offboarded_at=None).order_by()
        named["subscriber"] = current.filter(waiting_on="subscriber")
        named["snoozed"] = current.filter(snoozed_until__gt=now)
        found = named.get(str(self.value()))
        return queryset if found is None else queryset.filter(pk__in=found.values("tenant"))


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
