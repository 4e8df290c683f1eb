"""How a page names a row of the worklist, e.g. "tenant-12"."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import Model

from connect.models import Connection
from portal.dashboard.attention import CAUSES

MAX_DIGITS = 18  # of a key in the database

Keys = dict[type[Model], list[int]]


def of(row: Any) -> str:
    """Return the name of a row; a connection is named by its tenant."""
    shown = row.tenant if isinstance(row, Connection) else row
    return f"{shown._meta.model_name}-{shown.pk}"


def read(names: Iterable[str]) -> Keys:
    """Return the keys of the named rows by model. Names that mean nothing are left out."""
    models = {cause.model._meta.model_name: cause.model for cause in CAUSES}
    found: Keys = defaultdict(list)
    for name in names:
        model, _, number = name.partition("-")
        if model in models and number.isascii() and number.isdigit() and len(number) <= MAX_DIGITS:
            found[models[model]].append(int(number))
    return dict(found)
