"""Orgs and their records as JSON documents, and back."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from emulator.org.objects import Field, SObject
from emulator.org.org import Org, User
from emulator.org.records import Record
from emulator.org.refusals import ValidationRule


def org_document(org: Org) -> dict[str, Any]:
    """Write an org without its records."""
    return {
        "id": org.id,
        "name": org.name,
        "environment": org.environment,
        "my_domain": org.my_domain,
        "namespace": org.namespace,
        "package_installed": org.package_installed,
        "package": org.package,
        "connect_app_installed": org.connect_app_installed,
        "users": [asdict(each) for each in org.users],
        "objects": [asdict(each) for each in org.objects.values()],
        "rules": [asdict(each) for each in org.rules],
    }


def read_org(document: dict[str, Any]) -> Org:
    """Read org_document()'s JSON."""
    objects = [
        SObject(**{**each, "fields": tuple(Field(**one) for one in each["fields"])})
        for each in document.pop("objects")
    ]
    users = [User(**each) for each in document.pop("users")]
    rules = [ValidationRule(**each) for each in document.pop("rules")]
    org = Org(**document, users=users, rules=rules)
    org.set_objects(objects)
    return org


def restore_record(orgs: dict[str, Org], key: str, document: dict[str, Any]) -> None:
    """Put a stored record back into its org; `key` is <org id>/<object>/<record id>."""
    org_id, object_name, record_id = key.split("/")
    if org_id not in orgs:
        return
    record = Record(
        record_id,
        document["values"],
        datetime.fromisoformat(document["created_at"]),
        datetime.fromisoformat(document["modified_at"]),
        document["deleted"],
    )
    orgs[org_id].restore(object_name, record)
