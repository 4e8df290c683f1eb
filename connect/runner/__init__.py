"""The engine that runs steps under a lease: claim, outcomes, retry."""
