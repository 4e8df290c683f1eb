"""Models of other packages are called what this product calls them, on every page."""

from typing import Any

from django.db.models import Model


def call(model: type[Model], one: str, many: str) -> None:
    """Name the rows of a model. Migrations do not see it: they read what its class declares."""
    model._meta.verbose_name = one
    model._meta.verbose_name_plural = many


def call_fields(model: type[Model], **names: str) -> None:
    """Name fields of a model."""
    for field, name in names.items():
        found: Any = model._meta.get_field(field)
        found.verbose_name = name
