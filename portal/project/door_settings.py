"""The settings of the staff's sign-in: our own, and what they mean for django-allauth."""

from typing import Any

from portal.project.environment import env, number

SECOND_FACTOR_REQUIRED: bool = env.bool("SECOND_FACTOR_REQUIRED", True)
SESSION_IDLE_MINUTES: int = number("SESSION_IDLE_MINUTES", 30)
AUDIT_DAYS: int = number("AUDIT_DAYS", 730)  # the database keeps 400 days in any case
# Single sign-on by OpenID Connect; on if all three are set.
OIDC_ISSUER: str = env.str("OIDC_ISSUER", "").rstrip("/")
OIDC_CLIENT_ID: str = env.str("OIDC_CLIENT_ID", "")
OIDC_CLIENT_SECRET: str = env.str("OIDC_CLIENT_SECRET", "")
OIDC_NAME: str = env.str("OIDC_NAME", "Single sign-on")
OIDC = bool(OIDC_ISSUER and OIDC_CLIENT_ID and OIDC_CLIENT_SECRET)

LOGIN_URL = "/admin/login/"
LOGIN_REDIRECT_URL = "/admin/"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
apps = ["allauth", "allauth.account", "allauth.mfa", "allauth.usersessions"]

ACCOUNT_ADAPTER = "portal.door.adapters.StaffAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_REDIRECT_URL
ACCOUNT_REAUTHENTICATION_METHODS = ["password", "mfa"]
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300  # seconds
# Guesses are limited by portal/door/throttle.py, whose counts all web processes share.
ACCOUNT_RATE_LIMITS = {"login": None, "login_failed": None}

MFA_ADAPTER = "portal.door.adapters.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_TOLERANCE = 1  # steps of 30 s, for clocks that differ
MFA_FORMS = {
    "authenticate": "portal.door.forms.CodeForm",
    "reauthenticate": "portal.door.forms.CodeAgainForm",
}

if OIDC:
    apps += ["allauth.socialaccount", "allauth.socialaccount.providers.openid_connect"]
SOCIALACCOUNT_ADAPTER = "portal.door.single_sign_on.Adapter"
# The identity provider is the ISV's own: an address that it has verified is that person's.
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "sso",
                "name": OIDC_NAME,
                "client_id": OIDC_CLIENT_ID,
                "secret": OIDC_CLIENT_SECRET,
                "settings": {"server_url": OIDC_ISSUER},
            }
        ]
        if OIDC
        else [],
    }
}
