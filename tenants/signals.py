"""The signal that tells the apps above that a tenant has changed."""

from django.dispatch import Signal

# Sent inside the transaction that made the change, with `tenant: Tenant`, and `is_first` if the
# same transaction created it and its org was never a tenant before.
tenant_changed = Signal()
