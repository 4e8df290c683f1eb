"""The editor of mapping versions: what was pressed, and what the page shows next.

The page sends the whole document each time, with the answers for the object that is open. So it
needs neither a script nor a stored draft.
"""

from typing import Any

from django.http import QueryDict

from connect.clients import http
from connect.clients.org_objects import ObjectFacts
from connect.mappings import (
    asking,
    diff,
    editing,
    last_seen,
    lint,
    placeholders,
    templates,
    uploads,
)
from connect.mappings.changes import rows_read
from connect.mappings.documents import MappingDocument
from connect.models import Connection, MappingTemplate
from portal.admin.forms.editor import ObjectForm, SaveForm
from portal.admin.forms.version import pretty
from portal.admin.panels import comparison


class Editor:
    """One sending of the page. Raises http.RemoteError if the org cannot be asked."""

    def __init__(self, base: MappingTemplate, connection: Connection, sent: QueryDict) -> None:
        self.base, self.connection, self.sent = base, connection, sent
        self.namespace = connection.tenant.namespace
        self.errors: list[str] = []
        self.save = SaveForm(sent if sent.get("press") == "save" else None)
        self.preview: dict[str, Any] = {}
        self.made: MappingTemplate | None = None
        self._asked: asking.Described = {}
        self.document = self._sent_document()
        self.form: ObjectForm | None = None
        self.open = sent.get("open_object", "") or self._first()

    @property
    def at_the_end(self) -> bool:
        """Whether the page comes back at the next version, where its errors then belong."""
        return self.sent.get("press") in ("preview", "save")

    # --- what was pressed ------------------------------------------------------------------------

    def press(self, author: str) -> None:
        """Take the answers, then do what was pressed: open, add, remove, preview or save."""
        if "open_object" in self.sent and not self._apply():
            return
        verb, _, name = self.sent.get("press", "").partition(":")
        if verb == "open":
            self.open = name
        # The Enter key presses no button that is seen, so what was typed tells what is meant.
        elif verb == "add" or (verb == "enter" and self.sent.get("add_object", "").strip()):
            self._add(self.sent.get("add_object", "").strip())
        elif verb == "remove":
            self.document = editing.without_object(self.document, name, self.namespace)
            self.open = self._first()
        elif verb in ("preview", "save"):
            self._preview()
            if verb == "save":
                self._save(author)
        self.form = None  # the next page shows the document, not what was typed

    def _sent_document(self) -> MappingDocument:
        text = self.sent.get("document")
        if text is None:
            return templates.exported(self.base)
        try:
            return uploads.read(text.encode("utf-8", "surrogatepass"))
        except uploads.BadUpload as error:
            self.errors.append(f"What was sent cannot be read. {error}")
            return templates.exported(self.base)

    def _apply(self) -> bool:
        """Put the answers for the open object into the document; False if they are not valid."""
        known = self._describe(self.open)
        mapping = editing.find(self.document, self.open, self.namespace)
        if known is None or mapping is None:
            return True
        before = mapping["config"]
        self.form = self._object_form(known, before, self.sent)
        ticked = self.sent.getlist("fields"), self.sent.getlist("indexes")
        self._check_indexes(before, *ticked)
        # What was ticked stays, also beside a setting that is wrong.
        valid = self.form.is_valid()
        answers = self.form.answers(*ticked) if valid else self._ticks(before, *ticked)
        self.document = editing.edited(self.document, known, answers, self.namespace)
        if not valid:
            self.errors.append(f"A setting of {self.open} is wrong: correct it first.")
        return valid

    def _check_indexes(self, before: dict[str, Any], fields: list[str], indexes: list[str]) -> None:
        """Note the ticks of an index that mean nothing; that of a field that goes is not one."""
        had = {
            placeholders.in_org(each, self.namespace).lower() for each in before.get("indexes", {})
        }
        lost = [each for each in indexes if each not in fields and each.lower() not in had]
        if lost:
            self.errors.append(f"{', '.join(lost)}: an index needs its field. Tick Mapped too.")

    def _ticks(
        self, before: dict[str, Any], fields: list[str], indexes: list[str]
    ) -> editing.Answers:
        """Return the ticks with the settings as they were."""
        settings = {**diff.DEFAULTS, **before}
        return editing.Answers(
            access=settings["access"],
            polling=settings["sf_polling_seconds"],
            identifier=placeholders.in_org(settings["upsert_field"] or "", self.namespace),
            fields=fields,
            indexes=[each for each in indexes if each in fields],
        )

    def _add(self, name: str) -> None:
        kind = lint.unsupported(name)
        known = self._describe(name) if name and not kind else None
        if known is None:
            why = f"Heroku Connect does not map {kind}" if kind else "this org does not have it"
            self.errors.append(f"{name or 'No object'} was not added: {why}.")
            return
        self.document = editing.with_object(self.document, known, self.namespace)
        self.open = known.name

    def _preview(self) -> None:
        rows = comparison.rows_on(self.base)
        changes = diff.compare(self.base.document, self.document)
        self.preview = {
            "sections": comparison.sections(changes, rows),
            "same": not changes,
            "rows_read": rows_read(changes, rows),
            "left_title": str(self.base),
            "right_title": "The next version",
            "findings": self._findings(),
        }

    def _findings(self) -> list[lint.Finding]:
        """Return what the linter says: on every plan, and in the chosen org."""
        filled = placeholders.fill(self.document, self.namespace)
        with http.working_for(self.connection.tenant.org_id):
            asked = asking.ask(asking.of(self.connection), filled)
        org = lint.OrgFacts(self.namespace, asked)
        found = templates.findings(self.document)
        known = {(each.rule, each.where) for each in found}
        here = asking.left_out(filled, asked) + lint.check(filled, self.connection.plan, org)
        return [*found, *(each for each in here if (each.rule, each.where) not in known)]

    def _save(self, author: str) -> None:
        found = self.preview["findings"]
        newest = templates.newest(self.base.package)
        if not self.save.is_valid() or self.errors:
            return
        if newest and str(newest.version) != self.sent.get("newest"):
            text = (
                f"{newest} was added by {newest.author} after this page was opened. Begin with it."
            )
            self.errors.append(text)
        elif templates.same_as_newest(self.document, self.base.package):
            self.errors.append(f"This is the same as {str(newest).lower()}. Change something.")
        elif lint.errors(found):
            self.errors.append("Nothing was saved: correct the errors first.")
        elif lint.warnings(found) and not self.save.cleaned_data["accept_warnings"]:
            self.save.add_error("accept_warnings", "Read the warnings, then tick the box.")
        else:
            self.made = templates.add(
                self.document,
                author=author,
                notes=self.save.cleaned_data["notes"],
                made_from=f"the editor, from {self.base} and the org of {self.connection.tenant}",
                package=self.base.package,
            )

    # --- what the page shows ---------------------------------------------------------------------

    def context(self) -> dict[str, Any]:
        """Return what the page shows. Asks the org about the open object."""
        newest = templates.newest(self.base.package)
        return {
            "editor": self,
            "document_text": pretty(self.document),
            "newest": self.sent.get("newest") or (newest.version if newest else ""),
            "objects": self._objects(),
            "suggestions": self._suggestions(),
            **self._opened(),
            **self.preview,
        }

    def _opened(self) -> dict[str, Any]:
        mapping = editing.find(self.document, self.open, self.namespace)
        if mapping is None:
            return {}
        known = self._describe(self.open)
        if known is None:
            return {"unknown": True}
        config = mapping["config"]
        rows = editing.choices(config, known, self.namespace)
        form = self.form or self._object_form(known, config, None)
        return {"form": form, "rows": rows, "mapped": sum(each.mapped for each in rows)}

    def _object_form(self, known: ObjectFacts, config: dict[str, Any], data: Any) -> ObjectForm:
        chosen = placeholders.in_org(str(config.get("upsert_field") or ""), self.namespace)
        return ObjectForm(data, known, config, chosen)

    def _objects(self) -> list[tuple[str, int]]:
        return [
            (
                placeholders.in_org(each["object_name"], self.namespace),
                len(each["config"].get("fields", {})),
            )
            for each in self.document["mappings"]
        ]

    def _suggestions(self) -> list[str]:
        """Return objects that the org is known to have: mapped for it, or parents of the open one.

        Heroku Connect documents no list of an org's objects; any other can be typed.
        """
        known = self._describe(self.open)
        parents = (
            {name for each in known.fields.values() for name in each.references} if known else ()
        )
        live = (each["object_name"] for each in last_seen.document(self.connection)["mappings"])
        here = {name.lower() for name, _ in self._objects()}
        return sorted({each for each in (*parents, *live) if each.lower() not in here})

    def _first(self) -> str:
        found = self._objects()
        return found[0][0] if found else ""

    def _describe(self, name: str) -> ObjectFacts | None:
        if name and name.lower() not in self._asked:
            with http.working_for(self.connection.tenant.org_id):
                self._asked[name.lower()] = asking.of(self.connection)(name)
        return self._asked.get(name.lower())
