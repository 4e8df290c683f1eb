"""A list is filtered and found only by what its page declares.

Django's own lists take any lookup on any field of the model. A filter could then guess what a page
hides, a letter at a time: `?text__regex=^https` answers whether a hidden text begins so.
"""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.views.main import ORDER_VAR, ChangeList
from django.http import HttpRequest

from portal.admin.kit import choices, lists
from portal.questions import Answer, later

# Only the stubs of Django's class take a type argument.
if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin

LEVELS = ("year", "month", "day")


class DeclaredChangeList(ChangeList):
    """A list that refuses every parameter that none of its filters takes."""

    ends: Answer | None = None  # of the dates to drill down

    def get_filters(self, request: HttpRequest) -> Any:
        self._check_date()
        if self.date_hierarchy:
            ends = lists.ends.asking(self.model, str(self.date_hierarchy))
            self.ends = later(request, ends)
        try:
            found = super().get_filters(request)
        except (ValueError, OverflowError) as error:  # a date that has no next year, for example
            raise DisallowedModelAdminLookup(str(error)) from error
        # Each filter has taken its own parameters out of these.
        unknown = set(found[2]) - self._declared()
        if unknown:
            raise DisallowedModelAdminLookup(f"Filtering by {sorted(unknown)} is not allowed")
        choices.ask(request, found[0])
        return found

    def get_ordering_field_columns(self) -> Any:
        """Return the sorted columns: of the list's own order the first; the rest breaks ties."""
        columns = list(super().get_ordering_field_columns().items())
        return dict(columns if ORDER_VAR in self.params else columns[:1])

    def _declared(self) -> set[str]:
        field = self.date_hierarchy
        # Django makes these two from year, month and day. An address may not hold them.
        of_dates = {f"{field}__gte", f"{field}__lt"} - set(self.params)
        page: Any = self.model_admin
        return {*page.declared_lookups(), *of_dates}

    def _check_date(self) -> None:
        """Check the levels of the date hierarchy: each needs those above it."""
        names = [f"{self.date_hierarchy}__{level}" for level in LEVELS]
        given = [name for name in names if name in self.params]
        if given != names[: len(given)]:
            raise DisallowedModelAdminLookup("A level of the date is missing")
        year, month, day = (self.params.get(name, 1) for name in names)
        try:
            date(int(year), int(month), int(day))
        except (ValueError, OverflowError) as error:
            raise DisallowedModelAdminLookup(f"No such date: {error}") from error


class DeclaredLookups(ModelAdmin):
    """The base of every page of the admin. `lookups` are filters of links from other pages."""

    lookups: Sequence[str] = ()

    def declared_lookups(self) -> set[str]:
        """Return the parameters that are allowed beside those of the filters."""
        return set(self.lookups)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        # The list decides: it knows which parameters its filters take.
        return True

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> bool:
        return to_field == self.opts.pk.name

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        # Django takes an empty `_to_field` for the name of a field.
        return super().get_object(request, object_id, from_field or None)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return DeclaredChangeList
