"""The kill switch of this app."""

from tenants.models import declare_switch

REGISTRATIONS = declare_switch(
    "registrations",
    "Registrations",
    "Callouts are answered 503 with Retry-After. Known tenants continue.",
)
