"""The kill switch of this app."""

from tenants.models import declare_switch

PROVISIONING = declare_switch(
    "provisioning",
    "Provisioning",
    "No step of provisioning is taken, so no add-on is made and nobody is mailed. Live tenants and "
    "off-boarding go on.",
)
