"""The kill switch of this app."""

from tenants.models import declare_switch

SOCIAL_JOB = declare_switch(
    "social_job",
    "Social job",
    "No posts are collected or written to tenants’ schemas. Synchronization continues.",
)
