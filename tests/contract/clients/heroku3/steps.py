"""What a program does with heroku3; each step prints a line of JSON."""

import json
import os
import time

import heroku3
from heroku3 import api

# The one way to point it elsewhere.
api.HEROKU_URL = os.environ["HEROKU"]


def step(name, work):
    """Do a step and print its result."""
    began = time.monotonic()
    result = work()
    print(json.dumps({"step": name, "seconds": time.monotonic() - began, "result": result}))
    return result


def addons():
    """List the plans of the app's add-ons."""
    return [each.plan.name for each in app.addons()]


def installed():
    """Install an add-on, and name its plan."""
    return app.install_addon("herokuconnect:demo").plan.name


def set_variable():
    """Set a config var, and read it back."""
    variables = app.config()
    variables["A"] = "1"
    return app.config()["A"]


heroku = heroku3.from_key(os.environ["TOKEN"])
step("from_key", lambda: heroku.is_authenticated)
step("account", lambda: heroku.account().email)
step("apps", lambda: [each.name for each in heroku.apps()])
step("create_app", lambda: heroku.create_app(name="acme-host").name)
app = heroku.apps()[os.environ["APP"]]
step("install_addon", installed)
step("addons", addons)
(addon,) = [each for each in app.addons() if each.plan.name.startswith("herokuconnect:")]
step("addon.upgrade", lambda: addon.upgrade("herokuconnect:enterprise").plan.name)
step("config", set_variable)
step("releases, newest first", lambda: [each.version for each in app.releases(sort="desc")])
step("collaborators", lambda: [each.user.email for each in app.collaborators()])
step("dynos", lambda: sorted(each.name for each in app.dynos()))
step("addon.delete", addon.delete)
step("addons of nothing", addons)
