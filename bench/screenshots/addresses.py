"""The pages that are rendered: those whose addresses name no row, and every list of the admin."""

# These are captured in full height, up to MAX_HEIGHT; the others as one screen.
WHOLE = (
    *("dashboard", "worklist", "fleet", "incident", "rollout", "rollout-new", "setup"),
    *("tenant-waiting", "tenant-blocked", "tenant-live", "tenant-ill", "tenant-grace"),
)
ALWAYS_WHOLE = ("mail", "subscriber")  # how the names of such pages begin
MAX_HEIGHT = 1900  # pixels
PAGES = {
    "dashboard": "/admin/",
    "worklist": "/admin/attention/",
    "fleet": "/admin/fleet/",
    "find": "/admin/find/?q=arbor",
    "setup": "/admin/setup/",
    "runbook": "/admin/runbook/",
    "tenants": "/admin/tenants/tenant/",
    "tenants-blocked": "/admin/tenants/tenant/?attention=blocked",
    "connections": "/admin/connect/connection/",
    "mappings": "/admin/connect/mapping/?failed=yes",
    "health": "/admin/connect/healthsample/",
    "events": "/admin/tenants/event/",
    "messages": "/admin/tenants/message/",
    "switches": "/admin/tenants/switch/",
    "write-errors": "/admin/connect/writeerror/",
    "host-apps": "/admin/connect/hostapp/",
    "incidents": "/admin/connect/incident/",
    "rollout-new": "/admin/connect/rollout/add/",
    "version-new": "/admin/connect/mappingtemplate/add/",
    "account": "/admin/account/factors/",
    "preferences": "/admin/account/preferences/",
    "staff": "/admin/auth/user/",
    "not-found": "/admin/no/such/page/",
    "subscriber-find": "/authenticate",
    "subscriber-new-link": "/fresh-link",
    "subscriber-forged": "/authenticate/forged",
}


def lists() -> dict[str, str]:
    """Return every list of the admin that has no picture of its own, by a name."""
    from django.contrib import admin
    from django.urls import reverse

    reverse("admin:index")  # loading the addresses registers the pages
    found = {}
    for model in admin.site._registry:
        meta = model._meta
        address = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
        if address not in PAGES.values():
            found[f"list-{meta.verbose_name_plural}".replace(" ", "-").lower()] = address
    return found


def is_whole(name: str) -> bool:
    """Return whether a page is captured in full height."""
    return name in WHOLE or name.startswith(ALWAYS_WHOLE)
