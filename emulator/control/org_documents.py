"""Orgs and records as /control shows them."""

from dataclasses import asdict
from typing import Any

from emulator.control.system import reject
from emulator.org import ids
from emulator.org.org import Org
from emulator.org.records import Record
from emulator.salesforce.identity import instance_url
from emulator.times import iso
from emulator.web.call import Call


def find_org(call: Call, org_id: str) -> Org:
    """Find an org by its id of 15 or 18 characters; else 404."""
    org = call.world.orgs.get(ids.canonical(org_id) or "")
    if org is None:
        reject(404, "no such org")
    return org


def org_json(call: Call, org: Org) -> dict[str, Any]:
    """Show an org, its users and how many records it has."""
    return {
        "id": org.id,
        "name": org.name,
        "environment": org.environment,
        "my_domain": org.my_domain,
        "instance_url": instance_url(call.base, org),
        "namespace": org.namespace,
        "package_installed": org.package_installed,
        "package": org.package,
        "connect_app_installed": org.connect_app_installed,
        "users": [asdict(each) for each in org.users],
        "rules": [asdict(each) for each in org.rules],
        "records": {each.name: org.count(each.name) for each in org.objects.values()},
    }


def record_json(record: Record) -> dict[str, Any]:
    """Show a record with its standard fields."""
    return {
        "Id": record.id,
        "CreatedDate": iso(record.created_at),
        "SystemModstamp": iso(record.modified_at),
        "IsDeleted": record.deleted,
        **record.values,
    }
