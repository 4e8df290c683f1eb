"""Heroku's Platform API: the host apps themselves.

Every function raises the errors of connect.clients.http.
"""

from dataclasses import dataclass

from connect.clients import heroku
from connect.clients.accounts import App
from connect.clients.http import NotFound, segment
from tenants.http.json_object import JsonObject


@dataclass(frozen=True)
class SeenApp:
    """An app as Heroku shows it; `team` is "" where the account owns it."""

    region: str
    team: str


def create(app: App, team: str, region: str) -> None:
    """Make an app of a team, or with "" of the account. Raises Taken if the name is in use."""
    order = {"name": app.name, "region": region, **({"team": team} if team else {})}
    path = "/teams/apps" if team else "/apps"
    heroku.call(app.account, "POST", path, document=order, reads=False)


def find(app: App) -> SeenApp | None:
    """Return an app, or None if there is none that the account may see."""
    try:
        document = heroku.call(app.account, "GET", _path(app)).document()
    except NotFound:
        return None
    return SeenApp(
        region=document.object_or_empty("region").string_or_blank("name", 40),
        team=_name_of(document, "team"),
    )


def attach(app: App, addon: str, name: str) -> None:
    """Attach an add-on to an app: it gets the config var <name>_URL."""
    order = {"addon": addon, "app": app.name, "name": name}
    heroku.call(app.account, "POST", "/addon-attachments", document=order, reads=False)


def config_vars(app: App) -> dict[str, str]:
    """Return an app's config vars. They hold secrets: nothing of them may be stored or shown."""
    found = heroku.call(app.account, "GET", _path(app, "config-vars")).document().raw
    return {name: value for name, value in found.items() if isinstance(value, str)}


def dynos(app: App) -> int:
    """Return how many dynos an app runs."""
    return len(heroku.call(app.account, "GET", _path(app, "dynos")).documents())


def _name_of(document: JsonObject, key: str) -> str:
    return document.object_or_empty(key).string_or_blank("name", 100)


def _path(app: App, rest: str = "") -> str:
    path = f"/apps/{segment(app.name)}"
    return f"{path}/{rest}" if rest else path
