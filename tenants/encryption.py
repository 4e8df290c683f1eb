"""The keys of SECRET and what is stored: whether they fit, and moving all to the first key."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from django.apps import apps
from django.db.models import BinaryField, F, Model
from django.db.models.functions import Cast

from tenants import grants
from tenants.fields import EncryptedTextField, Unreadable
from tenants.models import GrantStatus, SalesforceGrant

BATCH = 100  # rows
MAX_SEEN = 1000  # of each column, for a look at the keys


@dataclass
class Rotation:
    """The counts of one run. `unreadable` names what no key decrypts."""

    rewritten: int = 0
    current: int = 0
    changed: int = 0
    unreadable: int = 0

    @property
    def seen(self) -> int:
        return self.rewritten + self.current + self.changed + self.unreadable


@dataclass(frozen=True)
class Store:
    """What another app has encrypted in a column of its own."""

    newest: str  # as staff read it
    count: Callable[[], int]
    move: Callable[[Rotation], None]
    is_newest_readable: Callable[[], bool]


_others: list[Store] = []


def register(store: Store) -> None:
    """Have `rotate` move what another app has encrypted, and `unreadable` look at it."""
    _others.append(store)


def unreadable() -> list[str]:
    """Return which newest stored values no key decrypts. One query for each kind."""
    grant = SalesforceGrant.objects.filter(status=GrantStatus.ACTIVE).order_by("-issued_at").first()
    grants = [] if grant is None or grant.is_readable else ["the newest Salesforce grant"]
    return grants + [each.newest for each in _others if not each.is_newest_readable()]


def rotate(report: Callable[[Rotation, int], None]) -> Rotation:
    """Encrypt every stored value with the first key of SECRET; `report` is called for each batch.

    Safe to interrupt and to run again: what the first key decrypts is left alone. Grants that no
    key decrypts are marked as lost, and those whose key is back are active again.
    """
    rotation = Rotation()
    total = sum(_with_ciphertext(model, field).count() for model, field in _columns())
    total += sum(each.count() for each in _others)
    grants.restore_readable()
    for model, field in _columns():
        for rows in _batches(model, field):
            for row in rows:
                _rotate(model, field, row, rotation)
            report(rotation, total)
    for other in _others:
        other.move(rotation)
        report(rotation, total)
    for grant in SalesforceGrant.objects.filter(status=GrantStatus.ACTIVE).select_related("tenant"):
        if not grant.is_readable:
            grants.lose_unreadable(grant)
    return rotation


def _columns() -> list[tuple[type[Model], EncryptedTextField]]:
    return [
        (model, field)
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, EncryptedTextField)
    ]


def _batches(model: type[Model], field: EncryptedTextField) -> Iterator[list[Any]]:
    rows = _with_ciphertext(model, field).order_by("pk").only("pk", field.name)
    after = 0
    while batch := list(rows.filter(pk__gt=after)[:BATCH]):
        yield batch
        after = batch[-1].pk


def _with_ciphertext(model: type[Model], field: EncryptedTextField) -> Any:
    rows = model._default_manager.annotate(ciphertext=Cast(F(field.name), BinaryField()))
    return rows.filter(ciphertext__isnull=False)


def _rotate(model: type[Model], field: EncryptedTextField, row: Any, rotation: Rotation) -> None:
    value, ciphertext = getattr(row, field.name), bytes(row.ciphertext)
    if isinstance(value, Unreadable):
        rotation.unreadable += 1
    elif is_current(ciphertext):
        rotation.current += 1
    # Only while the stored bytes are the same: a refresh in between has stored a newer token.
    elif (
        _with_ciphertext(model, field)
        .filter(pk=row.pk, ciphertext=ciphertext)
        .update(**{field.name: value})
    ):
        rotation.rewritten += 1
    else:
        rotation.changed += 1


def is_current(ciphertext: bytes) -> bool:
    """Return whether the first key decrypts it."""
    try:
        _first_key().decrypt(ciphertext)
    except InvalidToken:
        return False
    return True


def _first_key() -> Fernet:
    return Fernet(EncryptedTextField().fernet_keys[0])


@dataclass(frozen=True)
class Use:
    """How many of the stored values that were looked at need which key.

    `oldest` is when the oldest of the first key was encrypted. `unreadable`: the key is lost.
    """

    current: int = 0
    older: int = 0
    unreadable: int = 0
    oldest: datetime | None = None


def use() -> Use:
    """Return which keys what is stored needs. Looks at a few thousand values at the most."""
    found = [
        (bytes(row.ciphertext), isinstance(getattr(row, field.name), Unreadable))
        for model, field in _columns()
        for row in _with_ciphertext(model, field).order_by("pk").only("pk", field.name)[:MAX_SEEN]
    ]
    now = [text for text, _ in found if is_current(text)]
    lost = sum(is_lost for _, is_lost in found)
    times = [datetime.fromtimestamp(_first_key().extract_timestamp(each), UTC) for each in now]
    return Use(len(now), len(found) - len(now) - lost, lost, min(times, default=None))
