"""The staff's admin. portal.urls imports its pages: who needs a part of its kit needs no page."""
