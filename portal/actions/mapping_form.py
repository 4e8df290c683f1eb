"""The form that edits one mapping of one tenant."""

from collections.abc import Sequence
from typing import Any

from django import forms

from connect.mappings import edits, lint
from connect.models import Mapping
from portal.actions.forms import Question
from portal.models import BulkItem, BulkItemStatus


class EditForm(Question):
    """The settings of a mapping as last seen, or those of the last edit if it was not saved."""

    access = forms.ChoiceField(choices=[(mode, mode) for mode in lint.ACCESS_MODES])
    sf_polling_seconds = forms.IntegerField(
        label="Seconds between polls", max_value=lint.MAX_POLLING_SECONDS, min_value=60
    )
    upsert_field = forms.CharField(
        required=False,
        label="Unique identifier",
        help_text="The external id for upserts; one of the fields below.",
    )
    fields_wanted = forms.CharField(
        label="Fields",
        widget=forms.Textarea(attrs={"rows": 16, "class": "code", "spellcheck": "false"}),
        help_text="API names, one for each line. A field that goes takes its index along.",
    )
    # Heroku Connect refuses a change that was made to an older revision.
    revision = forms.IntegerField(widget=forms.HiddenInput)
    accept_warnings = forms.BooleanField(required=False, label="Save despite warnings")

    def __init__(self, data: Any = None, *, targets: Sequence[Mapping]) -> None:
        super().__init__(data, targets=targets)
        # It is shown only with the warnings that it accepts.
        if not self.is_bound:
            del self.fields["accept_warnings"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        added = [] if self.errors else _added_warnings(self.targets[0], _config(data))
        if not added:
            del self.fields["accept_warnings"]
        elif not data["accept_warnings"]:
            lines = [each.explained for each in added]
            self.add_error("accept_warnings", ["Read these warnings, then tick the box:", *lines])
        return data

    def known(self) -> dict[str, Any]:
        seen = self.targets[0].config if self.targets else {}
        self.unsaved = _unsaved(self.targets[0]) if self.targets else None
        config = {**seen, **self.unsaved.run.options["config"]} if self.unsaved else seen
        return {
            "access": config.get("access"),
            "sf_polling_seconds": config.get("sf_polling_seconds"),
            "upsert_field": config.get("upsert_field") or "",
            "fields_wanted": "\n".join(config.get("fields", {})),
            "revision": seen.get("revision"),
        }

    def details(self) -> list[str]:
        """Say whose unsaved edit the form shows, and how it differs from the mapping."""
        if self.unsaved is None or self.is_bound:
            return []
        run = self.unsaved.run
        return [
            f"The form shows what {run.actor} entered at {run.created_at:%H:%M:%S}, which was not "
            f"saved. {self.unsaved.text}",
            *_differences(self.targets[0].config, run.options["config"]),
        ]

    def options(self) -> dict[str, Any]:
        return {"config": _config(self.cleaned_data), "revision": self.cleaned_data["revision"]}


def _config(answers: dict[str, Any]) -> dict[str, Any]:
    names = [line.strip() for line in answers["fields_wanted"].splitlines()]
    return {
        "access": answers["access"],
        "sf_polling_seconds": answers["sf_polling_seconds"],
        "upsert_field": answers["upsert_field"] or None,
        "fields": {name: {} for name in names if name},
    }


def _added_warnings(mapping: Mapping, answers: dict[str, Any]) -> list[lint.Finding]:
    """Return the warnings about an edited mapping that the mapping does not have now."""
    before = _warnings(mapping, mapping.config)
    after = _warnings(mapping, edits.edited(mapping.config, answers))
    return [each for each in after if each not in before]


def _warnings(mapping: Mapping, config: dict[str, Any]) -> list[lint.Finding]:
    document = {"mappings": [{"object_name": mapping.object_name, "config": config}]}
    org = lint.OrgFacts(mapping.connection.tenant.namespace)
    return lint.warnings(lint.check(document, mapping.connection.plan, org))


def _unsaved(mapping: Mapping) -> BulkItem | None:
    """Return the last edit of a mapping if it was not saved."""
    target = {"object_name": mapping.object_name}
    edits_of_it = BulkItem.objects.filter(
        connection=mapping.connection_id, target=target, run__action="edit"
    )
    last = edits_of_it.select_related("run").order_by("-pk").first()
    lost = (BulkItemStatus.FAILED, BulkItemStatus.SKIPPED)
    return last if last and last.status in lost else None


def _differences(seen: dict[str, Any], wanted: dict[str, Any]) -> list[str]:
    # The mapping may have been changed since then, and what is sent replaces that.
    before, after = seen.get("fields", {}), wanted["fields"]
    added = [each for each in after if each not in before]
    removed = [each for each in before if each not in after]
    others = [
        f"Compared with the mapping now, {key} changes from {seen.get(key)} to {wanted[key]}."
        for key in edits.EDITABLE
        if key != "fields" and (seen.get(key) or None) != wanted[key]
    ]
    if added:
        others.append(f"Compared with the mapping now, it adds {', '.join(added)}.")
    if removed:
        others.append(f"Compared with the mapping now, it removes {', '.join(removed)}.")
    return others
