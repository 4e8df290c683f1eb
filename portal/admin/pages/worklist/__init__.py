"""The pages of the worklist (portal.dashboard.worklist)."""
