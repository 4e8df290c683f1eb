"""The example use case: posts about each tenant's Accounts, from X."""
