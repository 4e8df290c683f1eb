"""The JSON documents of what belongs to one app: releases, dynos, collaborators."""

from typing import Any

from emulator.heroku.documents import app_ref, stamp
from emulator.state.apps import stable_id
from emulator.state.entities import App


def release_json(app: App, number: int) -> dict[str, Any]:
    """Show a release; of earlier ones nothing but the number is remembered."""
    made = stamp(app.created_at)
    return {
        "addon_plan_names": [],
        "app": app_ref(app),
        "created_at": made,
        "current": number == app.releases,
        "description": "Set config vars",
        "eligible_for_rollback": True,
        "id": stable_id(f"{app.id}/release/{number}"),
        "output_stream_url": None,
        "slug": None,
        "status": "succeeded",
        "updated_at": made,
        "user": owner_ref(app),
        "version": number,
    }


def dyno_json(app: App, number: int) -> dict[str, Any]:
    """Show a dyno."""
    made = stamp(app.created_at)
    return {
        "app": app_ref(app),
        "attach_url": None,
        "command": "python manage.py worker",
        "created_at": made,
        "id": stable_id(f"{app.id}/dyno/{number}"),
        "name": f"run.{number}",
        "release": {
            "id": stable_id(f"{app.id}/release/{app.releases}"),
            "version": app.releases,
        },
        "size": "Basic",
        "state": "up",
        "type": "run",
        "updated_at": made,
    }


def collaborator_json(app: App) -> dict[str, Any]:
    """Show the owner of an app as its collaborator."""
    made = stamp(app.created_at)
    return {
        "app": app_ref(app),
        "created_at": made,
        "id": stable_id(f"{app.id}/collaborator"),
        "permissions": [],
        "role": "owner",
        "updated_at": made,
        "user": {**owner_ref(app), "federated": False},
    }


def owner_ref(app: App) -> dict[str, str]:
    """The owner of an app, as in other documents."""
    return {"id": stable_id(app.account_id), "email": app.account_id}
