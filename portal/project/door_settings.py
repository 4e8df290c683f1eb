"""The settings of the staff's sign-in: our own, and what they mean for django-allauth."""

from typing import Any

from portal.project.environment import env, flag, number

SECOND_FACTOR_REQUIRED: bool = flag("SECOND_FACTOR_REQUIRED", True)
SESSION_IDLE_MINUTES: int = number("SESSION_IDLE_MINUTES", 30)
TWO_PERSON_APPROVAL: bool = flag("TWO_PERSON_APPROVAL", True)
AUDIT_DAYS: int = number("AUDIT_DAYS", 730)  # the database keeps 400 days in any case
# Single sign-on by OpenID Connect; on if all three are set.
OIDC_ISSUER: str = env.str("OIDC_ISSUER", "").rstrip("/")
OIDC_CLIENT_ID: str = env.str("OIDC_CLIENT_ID", "")
OIDC_CLIENT_SECRET: str = env.str("OIDC_CLIENT_SECRET", "")
OIDC_NAME: str = env.str("OIDC_NAME", "single sign-on")
OIDC = bool(OIDC_ISSUER and OIDC_CLIENT_ID and OIDC_CLIENT_SECRET)

# --- Django ---------------------------------------------------------------------------------------
LOGIN_URL = "/admin/login/"
LOGIN_REDIRECT_URL = "/admin/"
AUTHENTICATION_BACKENDS = ["portal.door.person.StaffBackend"]
apps = [
    *("allauth", "allauth.account", "allauth.mfa", "allauth.usersessions"),
    *("allauth.socialaccount", "allauth.socialaccount.providers.openid_connect"),
]

AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "portal.door.passwords.CommonPartsValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "portal.door.passwords.OwnWordsValidator"},
]

# --- django-allauth -------------------------------------------------------------------------------
ACCOUNT_ADAPTER = "portal.door.adapters.StaffAdapter"
ACCOUNT_FORMS = {"change_password": "portal.door.forms.NewPasswordForm"}
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_REDIRECT_URL
ACCOUNT_REAUTHENTICATION_METHODS = ["password", "mfa"]
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900  # seconds
# Guesses are limited by portal/door/throttle.py, whose counts all web processes share.
ACCOUNT_RATE_LIMITS = {"login": None, "login_failed": None, "change_password": None}

MFA_ADAPTER = "portal.door.adapters.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_TOLERANCE = 1  # steps of 30 s, for clocks that differ
MFA_FORMS = {
    "authenticate": "portal.door.forms.CodeForm",
    "reauthenticate": "portal.door.forms.CodeAgainForm",
    "authenticate_webauthn": "portal.door.passkeys.PasskeyForm",
    "login_webauthn": "portal.door.passkeys.PasskeyLoginForm",
    "reauthenticate_webauthn": "portal.door.passkeys.PasskeyAgainForm",
    "add_webauthn": "portal.door.passkeys.NewPasskeyForm",
}

SOCIALACCOUNT_ADAPTER = "portal.door.single_sign_on.Adapter"
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
