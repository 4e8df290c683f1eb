"""The one encrypted column type of the portal."""

from typing import TYPE_CHECKING, Any

from cryptography.fernet import InvalidToken
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from fernet_fields import EncryptedTextField as FernetTextField

if TYPE_CHECKING:

    class Base(models.TextField[str, str]):
        def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any: ...

else:
    Base = FernetTextField


class Unreadable(str):
    """A stored value that no key of SECRET decrypts: empty text, which is saved as it is stored.

    A row with one can be loaded and saved, and the value is there again when its key is.
    """

    ciphertext: bytes

    @classmethod
    def of(cls, ciphertext: bytes) -> "Unreadable":
        """Return the value for stored bytes."""
        value = cls()
        value.ciphertext = ciphertext
        return value


class EncryptedTextField(Base):
    """Text, encrypted at rest with the keys of SECRET (the first encrypts, all decrypt).

    django-fernet-fields-v2 alone loses data in `bulk_update()` and `update(f=F("g"))`: it would
    encrypt the text of the SQL expression. This method passes an expression on unchanged: it copies
    ciphertext, and `Value`s inside it come back through this method. It also falls back to
    SECRET_KEY when no key is set; we refuse, since that key is meant to be replaced freely.
    """

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        try:
            return super().from_db_value(value, expression, connection)
        except InvalidToken:
            return Unreadable.of(bytes(value))

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        if hasattr(value, "as_sql"):
            return value
        if isinstance(value, Unreadable):
            return connection.Database.Binary(value.ciphertext)
        if not self.keys:
            raise ImproperlyConfigured("SECRET is not set: run `python manage.py generate_secret`.")
        return super().get_db_prep_save(value, connection)

    if TYPE_CHECKING:
        keys: list[str]
        fernet_keys: list[bytes]
