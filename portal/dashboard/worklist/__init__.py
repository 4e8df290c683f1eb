"""The worklist: all that needs a person, the worst and oldest first, and what is done about it.

The causes are those of portal.dashboard.attention.
"""
