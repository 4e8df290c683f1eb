"""What each stage of provisioning does: look, then act. Each module holds one kind of step.

A step may be run again from any point of its work. So an act whose answer can be lost (making the
add-on, importing) is stored as an intent first, and looked for before it is repeated.
"""

from collections.abc import Callable

from connect.models import Stage
from connect.provisioning.steps import (
    addon,
    authorization,
    database,
    grace,
    mappings,
    offboarding,
    sign_in,
)
from connect.runner.lease import Claim
from connect.runner.outcomes import StepOutcome

STEPS: dict[Stage, Callable[[Claim], StepOutcome]] = {
    Stage.WAITING_FOR_PROOF: sign_in.waiting_for_proof,
    Stage.CREATING_ADDON: addon.creating_addon,
    Stage.LINKING: addon.linking,
    Stage.CONFIGURING_DATABASE: database.configuring_database,
    Stage.WAITING_FOR_CONSENT: sign_in.waiting_for_consent,
    Stage.PUBLISHING_LINK: authorization.publishing_link,
    Stage.WAITING_FOR_AUTHORIZATION: authorization.waiting_for_authorization,
    Stage.IMPORTING_MAPPINGS: mappings.importing_mappings,
    Stage.LOADING: mappings.loading,
    Stage.RESUMING: grace.resuming,
    Stage.GRACE: grace.grace,
    Stage.OFFBOARDING: offboarding.offboarding,
}
