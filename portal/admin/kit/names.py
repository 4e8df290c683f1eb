"""Models of other packages are called what this product calls them, on every page."""

from django.db.models import Model


def call(model: type[Model], one: str, many: str) -> None:
    """Name the rows of a model. Migrations do not see it: they read what its class declares."""
    model._meta.verbose_name = one
    model._meta.verbose_name_plural = many
