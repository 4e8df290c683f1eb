"""The one word by which this floor tells those above that something about a tenant changed."""

from django.dispatch import Signal

# Sent inside the transaction that made the change, with `tenant: Tenant`.
tenant_changed = Signal()
