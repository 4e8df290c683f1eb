"""The choices of a list's filters, asked with the page's other questions.

Django's own filters ask one by one, and before the list knows what else it will ask.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib.admin import AllValuesFieldListFilter, ListFilter, RelatedFieldListFilter
from django.contrib.admin.filters import FieldListFilter
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from portal.questions import later


class RelatedFilter(RelatedFieldListFilter):
    """The rows of another table as choices."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        ordering = self.field_admin_ordering(field, request, model_admin)
        model = field.remote_field.model
        # What has to be decrypted or may be long is in no name.
        unread = [each.name for each in model._meta.concrete_fields if _is_encoded(each)]
        rows = model._default_manager.order_by(*(ordering or model._meta.ordering)).defer(*unread)
        asked = later(request, rows)
        return SimpleLazyObject(lambda: [(row.pk, str(row)) for row in asked()])

    def has_output(self) -> bool:
        return True  # to know it better, the choices would have to be read

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """Return none where there is nothing to choose."""
        few = len(self.lookup_choices) + bool(self.include_empty_choice) < 2
        return iter(()) if few and not self.used_parameters else super().choices(changelist)


FieldListFilter.register(lambda field: bool(field.remote_field), RelatedFilter, take_priority=True)


def ask(request: HttpRequest, filters: Iterable[ListFilter]) -> None:
    """Let the filters that offer every value of a column ask with the other questions."""
    for each in filters:
        if isinstance(each, AllValuesFieldListFilter):
            asked = later(request, each.lookup_choices)
            # Django only goes through them.
            each.lookup_choices = SimpleLazyObject(asked)  # type: ignore[assignment]


def _is_encoded(field: Any) -> bool:
    return hasattr(field, "from_db_value")
