"""django-heroku-connect, a library for Django, from PyPI: models, mappings, the trigger log."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import emulator
from tests.contract.commands import CLIENTS, TOKEN, Client, installed
from tests.contract.conftest import APP

pytestmark = pytest.mark.contract
NAME, SCHEMA = "django-heroku-connect", "salesforce"


@pytest.fixture
def django(
    running: emulator.Running, reported: Callable[[Client], Client], tmp_path: Path
) -> Client:
    """A Django project with a connection that is authorized and has no mapping yet."""
    org = running.control("POST", "orgs", {"name": "Acme"})["id"]
    running.control("POST", "connections", {"org_id": org, "schema_name": SCHEMA})
    environment = {
        "HOME": str(tmp_path),
        "PYTHONPATH": str(CLIENTS / NAME),
        "DJANGO_SETTINGS_MODULE": "settings",
        "DATABASE_URL": running.options.database_url,
        "SCHEMA": SCHEMA,
        "API_ENDPOINT": f"{running.url}/region/api/v3",
        "CONTROL": f"{running.url}/control",
        "APP": APP,
        "ORG": org,
        "TOKEN": TOKEN,
    }
    return reported(Client(f"{NAME} 6.0.0 (PyPI)", [installed(NAME, "bin/python")], environment))


def test_it_maps_syncs_repairs_and_reads_the_archive(django: Client) -> None:
    found: dict[str, Any] = django.steps(str(CLIENTS / NAME / "steps.py"))
    fields = ["CreatedDate", "Id", "IsDeleted", "Multiconnect_Id__c", "Name", "SystemModstamp"]
    assert found["makemappings"] == ["Account", fields]
    assert "Done!" in found["import_mappings --wait"]
    assert found["get_connection, deep"] == {"Account": "DATA_SYNCED"}
    assert "working" in found["health_check"]
    assert found["objects.create"] == [["NEW"], ["SUCCESS"], True]
    failed, message, name = found["TriggerLog.objects.failed"]
    assert (failed, name) == ("FAILED", "Refused!")
    assert "Calm down" in message
    assert found["save without a change, delete without sfid"] == ["IGNORE", "NEW", "IGNORE"]
    live, archived, requeued = found["TriggerLogArchive"]
    assert (live, archived) == ([], 6)
    if found["write mode"] == "ORDERED_WRITES":
        assert found["TriggerLog.redo"] == [["REQUEUED", "NEW"], ["REQUEUED", "SUCCESS"]]
        assert requeued == 1
        assert found["TriggerLogArchive.redo"] == ["REQUEUED", ["SUCCESS"]]
    else:  # a Postgres without hstore
        assert found["TriggerLog.redo"] == [["SUCCESS", "NEW"], ["SUCCESS", "SUCCESS"]]
