"""The kill switch of this app."""

from tenants.models import declare_switch

REGISTRATIONS = declare_switch(
    "registrations",
    "Registrations",
    "Packages that register get 503 and are asked to come again. Tenants that are known already "
    "go on.",
)
