"""What Heroku Connect's own diagnosis found wrong with a connection."""

from django.contrib import admin
from django.utils.html import format_html, format_html_join

from connect.models import Diagnosis
from portal import show
from portal.admin.pages.health.base import OfAConnection

_PILE_TONES = {"errors": show.BAD, "warnings": show.WAIT, "passes": show.GOOD}


@admin.register(Diagnosis)
class DiagnosisAdmin(OfAConnection):
    search_fields = ("error",)
    list_display = ("asked_at", "tenant", "errors", "warnings", "ended_at", "error", "actor")
    list_filter = ("errors", "warnings")
    date_hierarchy = "asked_at"
    fields = ("tenant", "asked_at", "actor", "ended_at", "error", "findings_with_links")

    @admin.display(description="findings")
    def findings_with_links(self, diagnosis: Diagnosis) -> str:
        rows = format_html_join(
            "", "<li>{}</li>", ((finding(each),) for each in diagnosis.findings)
        )
        return format_html("<ul>{}</ul>", rows) if rows else "-"


def finding(found: dict[str, str]) -> str:
    """Return one finding of a diagnosis as HTML: severity, object, advice and link."""
    link = show.outside_link(found["link"], "Read more") if found["link"] else ""
    return format_html(
        "{} {}<strong>{}</strong>: {} {}",
        show.badge(found["pile"].rstrip("s"), _PILE_TONES.get(found["pile"], show.MUTED)),
        f"{found['about']}: " if found["about"] else "",
        *(found["title"], found["message"], link),
    )


def worth_a_look(diagnosis: Diagnosis) -> list[str]:
    """Return the errors and warnings of a diagnosis, errors first, ready to be shown."""
    found = [each for each in diagnosis.findings if each["pile"] in ("errors", "warnings")]
    return [finding(each) for each in sorted(found, key=lambda each: str(each["pile"]))]
