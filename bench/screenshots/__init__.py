"""`make screenshots`: the portal's pages from seeded data, in light, dark, phone and full width.

Small PNGs in docs/screenshots, for README, docs/staff.md and reviews of design changes.
"""
