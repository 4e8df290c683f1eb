"""The Salesforce client app: what can be seen of it without a person who signs in."""

from django.conf import settings

from connect.clients.http import RemoteError
from connect.formats import sentence
from portal.doctor.checks import check
from portal.doctor.findings import Finding, Problem, failed, ok
from tenants import client_app
from tenants.client_app import Seen

_APP = "Setup, External Client App Manager, your app"
_SET_KEY = "heroku config:set SALESFORCE_KEY=… SALESFORCE_SECRET=…"


@check("salesforce", "Salesforce client app", "E008", "E014")
def salesforce() -> Finding:
    """Ask both login hosts: do they take the key, the callback, PKCE and the scopes?"""
    for name in ("SALESFORCE_LOGIN_URL", "SALESFORCE_TEST_URL"):
        try:
            seen = client_app.look(getattr(settings, name))
        except RemoteError as error:
            text = f"{name} does not answer as it should. {sentence(error.words)}"
            return failed(Problem(text, f"heroku config:unset {name}"))
        if seen != Seen.ACCEPTED:
            return failed(_PROBLEMS[seen]())
    scopes = ", ".join(settings.SOCIAL_AUTH_SALESFORCE_SCOPE)
    return ok(
        f"Salesforce takes the key, the callback {client_app.callback()}, PKCE (S256) and the "
        f"scopes {scopes}. Whether an org may use the app shows at its sign-in."
    )


def _wrong_client() -> Problem:
    text = "Salesforce does not know SALESFORCE_KEY, or SALESFORCE_SECRET is not its secret."
    return Problem(text, _SET_KEY, place=f"{_APP}, Settings, OAuth Settings, Consumer Key")


def _wrong_callback() -> Problem:
    text = f"The client app does not list the callback URL {client_app.callback()}."
    return Problem(text, place=f"{_APP}, Settings, OAuth Settings, Callback URL")


def _wrong_scopes() -> Problem:
    wanted = ", ".join(settings.SOCIAL_AUTH_SALESFORCE_SCOPE)
    text = f"The client app lacks one of the scopes {wanted}."
    return Problem(text, place=f"{_APP}, Settings, OAuth Settings, Selected OAuth Scopes")


def _refused() -> Problem:
    text = "Salesforce sends the sign-in back before anybody could sign in."
    return Problem(text, place=f"{_APP}, Policies, OAuth Policies: the web server flow, PKCE")


_PROBLEMS = {
    Seen.WRONG_CLIENT: _wrong_client,
    Seen.WRONG_CALLBACK: _wrong_callback,
    Seen.WRONG_SCOPES: _wrong_scopes,
    Seen.REFUSED: _refused,
}
