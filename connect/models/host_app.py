"""The Heroku apps that own the tenants' add-ons."""

from typing import ClassVar

from django.conf import settings
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.utils import timezone

from tenants.fields import EncryptedTextField

# The patterns of Heroku's published schema.
APP_NAME = RegexValidator(
    r"\A[a-z][a-z0-9-]{1,28}[a-z0-9]\Z",
    "Lower-case letters, digits and hyphens, 3 to 30 characters, beginning with a letter.",
)
CONFIG_VAR = RegexValidator(
    r"\A[A-Z][A-Z0-9_]*_URL\Z", "The name of a config var that ends in _URL, in upper case."
)

# Begins what a connection waits for that no host app can take.
WAITS_FOR_ROOM = "room for its add-on"


class HostApp(models.Model):
    """A Heroku app without code and dynos that owns add-ons.

    Each new add-on restarts all dynos of its app, so this is not the app that runs the portal. The
    name, the database and its config var are the same for ever: add-ons depend on them.
    """

    name = models.CharField(max_length=30, unique=True, validators=[APP_NAME])
    team = models.CharField(
        max_length=100, blank=True, help_text="The Heroku Team that owns it; empty: the account."
    )
    region = models.CharField(
        max_length=40, default="us", help_text="Heroku's name of the region: us, eu, frankfurt."
    )
    # --- whose calls they are
    account = models.CharField(
        "Heroku account",
        max_length=60,
        blank=True,
        help_text="A name for the account of the token: its calls are counted under it. Empty: the "
        "account of HEROKU_API_TOKEN.",
    )
    token = EncryptedTextField(  # type: ignore[misc]  # the class takes no type argument
        null=True, blank=True, help_text="The account's own token. Empty: HEROKU_API_TOKEN."
    )
    # --- where the data of its tenants is
    database = models.CharField(
        "tenants' database",
        max_length=60,
        default="default",
        help_text="The portal's name of it: tenants_eu for TENANTS_EU_URL, default for "
        "DATABASE_URL.",
    )
    config_var = models.CharField(
        "config var",
        max_length=60,
        default="DATABASE_URL",
        validators=[CONFIG_VAR],
        help_text="The config var of the host app that holds the database's address.",
    )
    database_addon = models.CharField(
        "Postgres add-on",
        max_length=60,
        blank=True,
        help_text="Heroku's name of the database, e.g. postgresql-cubed-12345: it is attached.",
    )
    # --- its room
    max_addons = models.PositiveIntegerField(
        "add-ons at the most", default=500, validators=[MinValueValidator(1)]
    )
    max_config_bytes = models.PositiveIntegerField(
        "config vars at the most",
        default=32_000,
        help_text="Bytes of all names and values. Heroku refuses more than 32 kB.",
    )
    other_config_bytes = models.PositiveIntegerField(
        "other config vars", default=0, help_text="Bytes that are not of tenants, as last checked."
    )
    plan = models.CharField(
        "only for the plan",
        max_length=60,
        blank=True,
        help_text="e.g. herokuconnect:shield, which needs a private space. Empty: every plan.",
    )
    accepts = models.BooleanField(
        "accepts new tenants", default=True, help_text="Off: the tenants that it has stay."
    )
    # --- what was made and seen at Heroku
    created_at = models.DateTimeField(default=timezone.now)
    ready_at = models.DateTimeField(
        null=True, blank=True, help_text="When all was found that tenants need."
    )
    compared_at = models.DateTimeField(
        null=True, blank=True, help_text="When its add-ons were last compared with our rows."
    )
    checked_at = models.DateTimeField(null=True, blank=True)
    problem = models.TextField(blank=True, help_text="What the last check has found missing.")

    class Meta:
        ordering: ClassVar = ["name"]
        verbose_name = "host app"
        permissions: ClassVar = [
            ("make_hostapp", "Can make a host app at Heroku"),
            ("check_hostapp", "Can check a host app at Heroku"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def runs_the_portal(self) -> bool:
        """Whether it is the app that runs the portal, which each new add-on then restarts."""
        return self.name == settings.HEROKU_APP_NAME
