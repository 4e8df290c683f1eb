"""Bringing a mapping version or an API version to many tenants, wave by wave."""
