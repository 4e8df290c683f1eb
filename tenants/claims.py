"""What a registration callout claims: read from its body, and checked field by field."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from tenants import orgid, strict_json
from tenants.models import Environment, Tenant

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
MOST_FIELDS = 100
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_MY_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+my\.salesforce\.com")
_NAMESPACE = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*")
_RECORD_ID = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?")


class UnknownType(Exception):
    """The body is neither JSON nor a form."""


class Malformed(Exception):
    """The body cannot be read; the text says where and why."""


class Invalid(Exception):
    """The body was read, and these fields cannot be accepted."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {why}" for name, why in errors.items()))
        self.errors = errors


@dataclass(frozen=True)
class Claims:
    """A checked callout. `stated` holds what it said, by the names of Tenant's fields."""

    org_id: str
    stated: Mapping[str, str]

    def completed(self) -> dict[str, str]:
        """Return `stated` with a value for all that the callout left open."""
        domain = self.stated.get("login_domain", "")
        guess = Environment.SANDBOX if ".sandbox." in domain else Environment.PRODUCTION
        return {"environment": guess, "namespace": settings.FORCE_NAMESPACE, **self.stated}

    def changes(self, tenant: Tenant) -> dict[str, list[str]]:
        """Return {field: [what is known, what is claimed]} for each that differs."""
        pairs = {name: [getattr(tenant, name), value] for name, value in self.stated.items()}
        return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def read(content_type: str, body: bytes) -> Claims:
    """Return what a body claims. Raises UnknownType, Malformed or Invalid."""
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type not in _READERS:
        raise UnknownType(f"Send {JSON} or {FORM}.")
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise Malformed(f"The body is not UTF-8: see byte {error.start}.") from None
    try:
        document = _READERS[media_type](text)
    except strict_json.BadJson as error:
        raise Malformed(str(error)) from None
    return _check(document)


# --- reading -------------------------------------------------------------------------------------
def _read_json(text: str) -> dict[str, Any]:
    if not text.strip():
        raise Malformed("The body is empty.")
    document = strict_json.load(text)
    if not isinstance(document, dict):
        raise Malformed("The JSON must be one object, with org_id, org_name and admin_email.")
    return document


def _read_form(text: str) -> dict[str, Any]:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise Malformed(f"The form cannot be read: {error}.") from None
    return strict_json.unique(pairs)


_READERS: dict[str, Callable[[str], dict[str, Any]]] = {JSON: _read_json, FORM: _read_form}


# --- checking ------------------------------------------------------------------------------------
def _check(document: Mapping[str, Any]) -> Claims:
    stated: dict[str, str] = {}
    errors: dict[str, str] = {}
    for name, check in _CHECKS.items():
        try:
            text = _text(document.get(name))
            if text:
                stated[_COLUMNS.get(name, name)] = check(text)
            elif name in _REQUIRED:
                errors[name] = "This field is required."
        except ValueError as error:
            errors[name] = str(error)
    if stated.get("environment") == Environment.CUSTOM and "login_domain" not in stated:
        errors.setdefault("login_domain", "The environment “custom” needs the org's My Domain.")
    if errors:
        raise Invalid(errors)
    return Claims(stated.pop("org_id"), stated)


def _text(value: Any) -> str:
    """Return a value as one line of text. Raises ValueError for what no column can hold."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError("This must be a text.")  # noqa: TRY004 (one kind of error for a field)
    line = " ".join(value.split())
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in line):
        raise ValueError("This holds control characters or broken Unicode.")
    return line


def _up_to(length: int) -> Callable[[str], str]:
    def check(text: str) -> str:
        if len(text) > length:
            raise ValueError(f"This has {len(text)} characters; {length} are the most.")
        return text

    return check


def _email(text: str) -> str:
    try:
        validate_email(_up_to(254)(text))
    except ValidationError:
        raise ValueError("This is no e-mail address.") from None
    return text


def _environment(text: str) -> str:
    if text.lower() not in Environment.values:
        raise ValueError(f"This must be one of: {', '.join(Environment.values)}.")
    return text.lower()


def _login_domain(text: str) -> str:
    host = text.lower()
    if len(host) > 255 or not _MY_DOMAIN.fullmatch(host):
        raise ValueError(
            "This must be a plain host name under .my.salesforce.com, such as "
            "acme.my.salesforce.com."
        )
    return host


def _namespace(text: str) -> str:
    if len(text) > 15 or not _NAMESPACE.fullmatch(text):
        raise ValueError(
            "A namespace has up to 15 letters, digits and single underscores, begins with a letter "
            "and does not end with an underscore."
        )
    return text


def _record_id(text: str) -> str:
    if not _RECORD_ID.fullmatch(text):
        raise ValueError("A Salesforce id has 15 or 18 letters and digits.")
    return text


_REQUIRED = {"org_id", "org_name", "admin_email"}
_COLUMNS = {"org_name": "name"}
_CHECKS: dict[str, Callable[[str], str]] = {
    "org_id": orgid.normalize,
    "org_name": _up_to(255),
    "admin_email": _email,
    "environment": _environment,
    "login_domain": _login_domain,
    "namespace": _namespace,
    "package_version": _up_to(40),
    "installer_id": _record_id,
}
