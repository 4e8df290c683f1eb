"""For the ISV's own systems: webhooks of the tenants' life-cycle, and the read API."""
