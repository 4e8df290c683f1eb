"""Salesforce's pages: the log-in, where a user is chosen, and the consent.

A user's button carries `data-org` and `data-username`.
"""

from collections.abc import Iterable

from markupsafe import Markup
from werkzeug.wrappers import Response

from emulator.org.org import Org
from emulator.web.pages import SALESFORCE, page


def choose_user(host: str, orgs: Iterable[Org], hint: str = "") -> Response:
    """Salesforce's log-in: one button for each user who can log in here."""
    buttons = [
        Markup(
            '<button name="user" value="{org_id}/{user_id}" data-org="{org_id}"'
            ' data-username="{username}"{hinted}>{username}<br>'
            '<span class="muted">{name} · {environment} · {org_id}</span></button>'
        ).format(
            org_id=org.id,
            user_id=user.id,
            username=user.username,
            name=org.name,
            environment=org.environment,
            hinted=Markup(' data-hinted="true"') if user.username == hint else "",
        )
        for org in orgs
        for user in org.users
    ]
    buttons.sort(key=lambda each: "data-hinted" not in each)
    none = Markup("<p>No organization can be reached at this host.</p>")
    body = Markup('<p class="muted">{}</p><form method="post" class="users">{}</form>').format(
        host, Markup("").join(buttons) or none
    )
    return page("choose-user", "Log in to Salesforce", body, SALESFORCE)


def consent(app: str, user_value: str, username: str, org: Org, scopes: Iterable[str]) -> Response:
    """Salesforce asks whether an app may have access."""
    items = Markup("").join(Markup("<li>{}</li>").format(each) for each in scopes)
    body = Markup("""<p>{app} is asking to:</p><ul>{items}</ul>
<p class="muted">{username} · {org} · {org_id}</p>
<form method="post"><input type="hidden" name="user" value="{user}"><div class="row">
<button class="main" name="decision" value="allow">Allow</button>
<button name="decision" value="deny">Deny</button></div></form>""").format(
        app=app, items=items, username=username, org=org.name, org_id=org.id, user=user_value
    )
    return page("consent", "Allow Access?", body, SALESFORCE)
