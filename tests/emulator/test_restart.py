"""What survives a restart of the emulator."""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from emulator.server.serving import serve_world
from tests.emulator.client import ACCOUNT, ACME, Emulated
from tests.emulator.test_salesforce import refresh, tokens


@contextmanager
def restarted(emulated: Emulated) -> Iterator[Emulated]:
    """A second emulator on the state of the first one, as after a restart."""
    emulated.world.save_clock()
    emulated.world.store.flush()
    with serve_world(emulated.world.options) as running:
        again = Emulated(running)
        yield again
        again.session.close()


def test_a_restart_keeps_connections_orgs_records_and_tokens(emulated: Emulated) -> None:
    hostile = 'Söhne "West" \\ \0 \u2028 😀'
    org = emulated.org(records={"Account": [{"Name": hostile}]})
    url = emulated.authorized(org)
    emulated.imported(url, ACCOUNT)
    detail = emulated.detail(url)
    answer = tokens(emulated, org)
    emulated.advance(60)
    records = f"/control/orgs/{ACME}/records/Account"
    with restarted(emulated) as again:
        path = url.removeprefix(emulated.running.url)
        after = again.detail(path)
        assert {**after, "user_info": None, "mappings": None} == {
            **detail,
            "user_info": None,
            "mappings": None,
        }
        assert again.states(path) == {"Account": "DATA_SYNCED"}
        assert again.get(records).json() == emulated.get(records).json()
        assert again.get(f"/control/orgs/{ACME}").json()["records"] == {
            **org["records"],
            "Account": 1,
        }
        assert again.world.clock.seconds == pytest.approx(emulated.world.clock.seconds)
        made = again.post(records, json={"Name": "New"}).json()
        assert made["Id"] not in {each["Id"] for each in emulated.get(records).json()["records"]}
        assert refresh(again, answer["refresh_token"]).ok


def test_a_restart_continues_the_work_in_progress(emulated: Emulated) -> None:
    url = emulated.authorized(emulated.org())
    emulated.behave(bulk_load_seconds=30)
    emulated.imported(url, ACCOUNT)
    assert emulated.states(url) == {"Account": "LOADING_BULK_JOB"}
    path = url.removeprefix(emulated.running.url)
    with restarted(emulated) as again:
        assert again.states(path) == {"Account": "LOADING_BULK_JOB"}
        again.advance(30)
        assert again.states(path) == {"Account": "DATA_SYNCED"}


def test_the_options_of_the_start_win(emulated: Emulated) -> None:
    emulated.behave(import_seconds=77, latest_api_version="66.0")
    callback = "http://127.0.0.1:5000/auth/salesforce/callback"
    options = replace(emulated.world.options, callback=callback)
    with serve_world(options) as running:
        behaviour = running.world.behaviour
        assert callback in behaviour.callbacks
        assert behaviour.import_seconds == 0
        assert behaviour.latest_api_version == "66.0"


def test_every_switch_is_shown(emulated: Emulated) -> None:
    shown = emulated.get("/control/behaviour").json()
    assert shown.keys() == {each.name for each in dataclasses.fields(emulated.world.behaviour)}
