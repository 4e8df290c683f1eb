"""The stages of a connection, who is waited for in them, and what its end does with the schema."""

from django.db import models


class Stage(models.TextChoices):
    """What is to be done next for a connection. The order is the order of provisioning."""

    WAITING_FOR_PROOF = "waiting_for_proof", "Waiting for proof"
    CREATING_ADDON = "creating_addon", "Creating the add-on"
    LINKING = "linking", "Linking to Heroku Connect"
    CONFIGURING_DATABASE = "configuring_database", "Configuring the database"
    WAITING_FOR_CONSENT = "waiting_for_consent", "Waiting for Salesforce sign-in"
    PUBLISHING_LINK = "publishing_link", "Publishing the link to the org"
    WAITING_FOR_AUTHORIZATION = "waiting_for_authorization", "Waiting for authorization"
    IMPORTING_MAPPINGS = "importing_mappings", "Importing mappings"
    LOADING = "loading", "Loading data"
    LIVE = "live", "Live"
    RESUMING = "resuming", "Resuming"
    GRACE = "grace", "Grace period"
    OFFBOARDING = "offboarding", "Off-boarding"
    OFFBOARDED = "offboarded", "Off-boarded"


# The connection is ended, or that is undone: nothing is provisioned.
ENDING = (Stage.RESUMING, Stage.GRACE, Stage.OFFBOARDING)
WAITS_FOR_END = "the end of the grace period"


class WaitingOn(models.TextChoices):
    """Who has to act next."""

    PORTAL = "portal", "Portal"
    SUBSCRIBER = "subscriber", "Subscriber"
    STAFF = "staff", "Staff"
    HEROKU = "heroku", "Heroku"


class SchemaFate(models.TextChoices):
    """What off-boarding does with the tenant's schema."""

    KEEP = "keep", "Keep the schema and its rows"
    DROP = "drop", "Drop the schema and all its rows"
