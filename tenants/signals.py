"""The signal that tells the apps above that a tenant has changed."""

from django.dispatch import Signal

# Sent inside the transaction that made the change, with `tenant: Tenant`.
tenant_changed = Signal()
