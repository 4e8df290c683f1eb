"""Why a person has to act: one kind for each cause, beside the free text for staff."""

from django.db import models


class BlockedKind(models.TextChoices):
    """Each kind has its one remedy in connect.remedies.blocked."""

    # --- the connection itself is wrong, so trying again changes nothing
    WRONG_ORG = "wrong_org", "Another org was authorized"
    OTHER_SCHEMA = "other_schema", "Configured outside the portal"
    ADDON_FAILED = "addon_failed", "The add-on could not be made"
    NAME_TAKEN = "name_taken", "The add-on's name is taken"
    OVERWRITES = "overwrites", "Something would be overwritten"
    ISV_REFUSED = "isv_refused", "The ISV programme refuses"

    # --- mappings
    NO_VERSION = "no_version", "No mapping version"
    MAPPINGS_REFUSED = "mappings_refused", "The mappings have mistakes"
    MAPPING_BROKEN = "mapping_broken", "A mapping cannot be loaded"
    IMPORT_IGNORED = "import_ignored", "The import has no effect"
    UNSAFE_CHANGE = "unsafe_change", "The version change is unsafe"

    # --- the state of the connection
    NOT_LIVE = "not_live", "No longer live"
    PAUSED = "paused", "Paused"
    AUTHORIZATION_LOST = "authorization_lost", "Authorization lost"
    SYSTEM_ERROR = "system_error", "System error"
    DATABASE = "database", "Database unavailable"
    ROW_LIMIT = "row_limit", "Row limit passed"
    HEROKU_ACCESS = "heroku_access", "Heroku access lost"
    ORG_INACTIVE = "org_inactive", "Org inactive"
    SHELVED = "shelved", "Shelved for inactivity"

    # --- a peer refuses
    PAYMENT = "payment", "Heroku asks for payment"
    PERMISSION = "permission", "A permission is missing"
    NO_PACKAGE = "no_package", "The package does not answer"
    PEER_REFUSED = "peer_refused", "The call was refused"

    # --- it did not end
    TIMED_OUT = "timed_out", "Nothing changed for too long"
    GAVE_UP = "gave_up", "All attempts failed"
    OTHER = "other", "Another reason"
