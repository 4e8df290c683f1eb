"""Pages whose rows are about one tenant: the actions on tenants are offered on each of them."""

from portal.actions.subject import Subject
from portal.admin.kit.actions import ActionsAdmin


class SubjectAdmin(ActionsAdmin):
    """A model whose `subject` returns a tenant with its connection."""

    noun = "tenants"

    def caption(self, target: Subject) -> str:
        """Return what tells a tenant from others of the same name, and its stage."""
        if target.connection is None:
            return target.tenant.org_id
        return f"{target.tenant.org_id}, {target.connection.get_stage_display().lower()}"
