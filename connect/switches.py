"""The kill switch of this app."""

from tenants.models import declare_switch

PROVISIONING = declare_switch(
    "provisioning",
    "Provisioning",
    "No provisioning step runs: no add-ons, no mails. No tenant of a roll-out begins; one that is "
    "half changed goes on to its end. Live tenants and off-boarding continue.",
)
