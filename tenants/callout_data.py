"""Reading and checking the fields of a registration callout."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from django.conf import settings

from tenants import callout_fields, strict_json
from tenants.models import Environment, Tenant

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
# More than any real sender gives; parse_qsl has no limit of its own.
MAX_FIELDS = 100


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
class CalloutData:
    """The checked data of a callout. `values` are by the names of Tenant's fields."""

    org_id: str
    values: Mapping[str, str]

    def with_defaults(self) -> dict[str, str]:
        """Return `values`, with defaults for the fields that the callout does not give."""
        domain = self.values.get("login_domain", "")
        # A sandbox's My Domain is acme--name.sandbox.my.salesforce.com.
        guess = Environment.SANDBOX if ".sandbox." in domain else Environment.PRODUCTION
        return {"environment": guess, "namespace": settings.FORCE_NAMESPACE, **self.values}

    def differences(self, tenant: Tenant) -> dict[str, list[str]]:
        """Return {field: [stored value, value in the callout]} for each field that differs."""
        # Only the given fields: a sender that leaves one out does not contradict it.
        pairs = {name: [getattr(tenant, name), value] for name, value in self.values.items()}
        return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def parse(content_type: str, body: bytes) -> CalloutData:
    """Return the data of a body. Raises UnknownType, Malformed or Invalid."""
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


def _read_json(text: str) -> dict[str, Any]:
    if not text.strip():
        raise Malformed("The body is empty.")
    document = strict_json.load(text)
    if not isinstance(document, dict):
        raise Malformed("The JSON must be one object, with org_id, org_name and admin_email.")
    return document


def _read_form(text: str) -> dict[str, Any]:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError as error:
        raise Malformed(f"The form cannot be read: {error}.") from None
    return strict_json.unique(pairs)


_READERS: dict[str, Callable[[str], dict[str, Any]]] = {JSON: _read_json, FORM: _read_form}


def _check(document: Mapping[str, Any]) -> CalloutData:
    values: dict[str, str] = {}
    errors: dict[str, str] = {}
    for name, check in callout_fields.CHECKS.items():
        try:
            text = callout_fields.text(document.get(name))
            if text:
                values[callout_fields.COLUMNS.get(name, name)] = check(text)
            elif name in callout_fields.REQUIRED:
                errors[name] = "This field is required."
        except ValueError as error:
            errors[name] = str(error)
    if values.get("environment") == Environment.CUSTOM and "login_domain" not in values:
        # A domain that was given but refused already has an error of its own.
        errors.setdefault("login_domain", "The environment “custom” needs the org's My Domain.")
    if errors:
        raise Invalid(errors)
    return CalloutData(values.pop("org_id"), values)
