"""The signal that tells the apps above that a tenant has changed."""

from django.dispatch import Signal

# Sent inside the transaction that made the change, with `tenant: Tenant`, and `is_new` if the
# same transaction created it.
tenant_changed = Signal()
