"""All rows of one tenant, in every app, for its export and its erasure.

They are found by the foreign keys that lead to the tenant, so a new model is not forgotten.
"""

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

from django.contrib.admin.models import LogEntry
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import Model, QuerySet

from tenants.fields import EncryptedTextField
from tenants.models import Callout, Erasure, Tenant, digest_of

log = logging.getLogger(__name__)

Act = Callable[[Tenant], int]
_kept: dict[str, dict[str, Any]] = {}
_acts: list[Act] = []


def keep(model: type[Model], **cleared: Any) -> None:
    """Have an erasure clear these fields of a model's rows and keep the rows."""
    _kept[model._meta.label] = cleared


def register(act: Act) -> None:
    """Have an erasure do what is not a row; `act` returns the highest schema number in use."""
    _acts.append(act)


# --- export --------------------------------------------------------------------------------------


def export(tenant: Tenant) -> Iterator[str]:
    """Yield a JSON object piece by piece: a list of rows for each model. No tokens are in it."""
    yield "{"
    for number, rows in enumerate(reversed(list(rows_of(tenant)))):
        yield f"{',' if number else ''}\n{json.dumps(rows.model._meta.label)}: ["
        for place, row in enumerate(rows.iterator(chunk_size=500)):
            yield f"{',' if place else ''}\n{json.dumps(_fields(row), cls=DjangoJSONEncoder)}"
        yield "]"
    yield "\n}\n"


def _fields(row: Model) -> dict[str, Any]:
    shown = [each for each in row._meta.concrete_fields if not isinstance(each, EncryptedTextField)]
    return {each.attname: _plain(getattr(row, each.attname)) for each in shown}


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("utf-8", "replace")
    return value


# --- erasure -------------------------------------------------------------------------------------


def erase(tenant_id: int, actor: str) -> Erasure:
    """Erase a tenant with all its rows and schemas; return the record. Cannot be undone."""
    with transaction.atomic():
        tenant = Tenant.objects.select_for_update().get(pk=tenant_id)
        generations = max((act(tenant) for act in _acts), default=0)
        # First: without it the database refuses to delete an event.
        record = Erasure.objects.create(
            actor=actor,
            tenant_number=tenant.pk,
            org_digest=digest_of(tenant.org_id),
            generations=generations,
            counts={rows.model._meta.label: rows.count() for rows in rows_of(tenant)},
        )
        _erase_rows(tenant)
    log.info("tenant erased number=%s actor=%s", tenant_id, actor)
    return record


def _erase_rows(tenant: Tenant) -> None:
    # Callouts that were refused name the org, but belong to no tenant.
    Callout.objects.extra(
        where=["position(%s::bytea in body) > 0"], params=[tenant.org_id[:15].encode()]
    ).delete()
    # Django's log of changes by staff has no foreign key, and holds the old and new values.
    model = tenant._meta.label_lower.split(".")
    LogEntry.objects.filter(
        content_type__app_label=model[0], content_type__model=model[1], object_id=str(tenant.pk)
    ).delete()
    for rows in rows_of(tenant):
        cleared = _kept.get(rows.model._meta.label)
        if cleared is None:
            rows.delete()
        else:
            rows.update(**cleared)


def rows_of(tenant: Tenant) -> Iterator[QuerySet[Any]]:
    """Yield the rows of a tenant by model, those that refer to others first, the tenant last."""
    yield from _with_what_refers(Tenant._base_manager.filter(pk=tenant.pk), ())


def _with_what_refers(
    rows: QuerySet[Any], path: tuple[type[Model], ...]
) -> Iterator[QuerySet[Any]]:
    for relation in rows.model._meta.get_fields(include_hidden=True):
        child = relation.related_model
        if not (relation.auto_created and (relation.one_to_many or relation.one_to_one)):
            continue
        # A model that refers to itself would never end.
        if child in path or child is rows.model:
            continue
        name = relation.field.name
        found = child._base_manager.filter(**{f"{name}__in": rows})
        yield from _with_what_refers(found, (*path, rows.model))
    yield rows
