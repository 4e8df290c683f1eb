"""The worker answers no page, so it imports none."""

import os
import subprocess
import sys

MODULES = (
    "portal.project.worker",
    "portal.management.commands.worker",
    "portal.tasks",
    "portal.bulk",
    "portal.actions",
    "connect.tasks",
    "tenants.tasks",
)
PROGRAM = f"""
import importlib, sys, django
django.setup()
for module in {MODULES}:
    importlib.import_module(module)
print([name for name in sys.modules if name.startswith(("portal.admin", "portal.dashboard"))])
"""


def test_the_worker_and_its_tasks_do_not_import_the_admin() -> None:
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "portal.project.settings"}
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, env=env)
    assert done.stdout == "[]\n", done.stderr
