"""What a program does with django-heroku-connect; each step prints a line of JSON.

The emulator's own part (a round of sync, a rule that refuses writes) goes by /control.
"""

import io
import json
import os
import time

import django
import requests

django.setup()

from django.core.management import call_command  # noqa: E402
from heroku_connect import utils  # noqa: E402
from heroku_connect.models import TriggerLog, TriggerLogArchive  # noqa: E402
from shop.models import Account  # noqa: E402

CONTROL, ORG = os.environ["CONTROL"], os.environ["ORG"]
RULE = {"object_name": "Account", "field": "Name", "pattern": "!", "message": "Calm down"}


def step(name, work):
    """Do a step and print its result."""
    began = time.monotonic()
    result = work()
    print(json.dumps({"step": name, "seconds": time.monotonic() - began, "result": result}))
    return result


def control(method, path, body=None):
    """Call the emulator's own interface."""
    answer = requests.request(method, f"{CONTROL}/{path}", json=body or {}, timeout=30)
    answer.raise_for_status()


def printed(command, *arguments, **options):
    """Run a management command, and return what it prints."""
    out = io.StringIO()
    call_command(command, *arguments, stdout=out, **options)
    return out.getvalue()


def sync():
    """Let Heroku Connect work."""
    control("POST", "sync")


def states(manager=TriggerLog.objects):
    """List the states of a log, oldest first."""
    return list(manager.order_by("id").values_list("state", flat=True))


def made_mappings():
    """Name the objects and fields of the mapping that the models make."""
    path = os.path.join(os.environ["HOME"], "mappings.json")
    call_command("makemappings", output=path)
    with open(path) as file:
        (mapping,) = json.load(file)["mappings"]
    return [mapping["object_name"], sorted(mapping["config"]["fields"])]


def imported():
    """Send the mapping of the models to Heroku Connect, and wait."""
    return printed("import_mappings", "--wait", "--wait-interval=1", "--app", os.environ["APP"])


def mapping_states():
    """Read a connection with its mappings."""
    (connection,) = utils.get_connections(os.environ["APP"])
    deep = utils.get_connection(connection["id"], deep=True)
    return {each["object_name"]: each["state"] for each in deep["mappings"]}


def created():
    """Make a row, and name the states before and after it was sent."""
    row = Account.objects.create(name="From Django")
    before = states()
    sync()
    row.refresh_from_db()
    return [before, states(), bool(row.sf_id)]


def refused():
    """Make a row that Salesforce refuses."""
    control("POST", f"orgs/{ORG}/rules", RULE)
    Account.objects.create(name="Refused!")
    sync()
    failed = TriggerLog.objects.failed().get()
    return [failed.state, failed.sf_message, failed.get_model().name]


def redone():
    """Send the refused row again, now that Salesforce takes it."""
    control("DELETE", f"orgs/{ORG}/rules")
    TriggerLog.objects.failed().get().redo()
    before = states()
    sync()
    return [before[-2:], states()[-2:]]


def unchanged():
    """Save a row without a change, and delete one that Salesforce does not have."""
    row = Account.objects.get(name="From Django")
    row.save()
    Account.objects.create(name="Short").delete()
    return states()[-3:]


def archived():
    """Let time pass until the log is archived."""
    sync()
    control("POST", "clock", {"advance": 3600})
    sync()
    live, old = states(), states(TriggerLogArchive.objects)
    return [live, len(old), TriggerLogArchive.objects.filter(state="REQUEUED").count()]


def redone_from_the_archive():
    """Send a refused entry again that has been archived."""
    control("POST", f"orgs/{ORG}/rules", RULE)
    Account.objects.create(name="Again!")
    sync()
    control("POST", "clock", {"advance": 3600})
    sync()
    control("DELETE", f"orgs/{ORG}/rules")
    archive = TriggerLogArchive.objects.failed().get()
    archive.redo()
    archive.refresh_from_db()
    sync()
    return [archive.state, states()]


step("makemappings", made_mappings)
step("import_mappings --wait", imported)
step("get_connection, deep", mapping_states)
step("health_check", lambda: printed("health_check"))
step("write mode", lambda: utils.get_unique_connection_write_mode().name)
step("objects.create", created)
step("TriggerLog.objects.failed", refused)
step("TriggerLog.redo", redone)
step("save without a change, delete without sfid", unchanged)
step("TriggerLogArchive", archived)
step("TriggerLogArchive.redo", redone_from_the_archive)
