"""The read API for the ISV's own systems: /api/v1, by bearer tokens with scopes."""
