"""The portal's settings, with the addresses of bench.bare beside the portal's own."""

from portal.project.settings import *  # noqa: F403 (they are all of them)

ROOT_URLCONF = "bench.bare"
