"""Pages whose changes give or take power, and secrets that are shown once."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from portal.admin.kit.base import NoDelete
from portal.door import reentry


class Proven(NoDelete):
    """A page whose changes give or take power: the person proves again who it is."""

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.ask_for_proof(request)
        return super().changeform_view(request, *args, **kwargs)

    def ask_for_proof(self, request: HttpRequest) -> None:
        """Ask before a change. A person without the permission gets the refusal, which is noted."""
        may = self.has_add_permission(request) or self.has_change_permission(request)
        if request.method == "POST" and may:
            reentry.ask_before_secrets(request)


class ShownOnce(Proven):
    """A page whose form may make a secret, as `form.made`: the answer to the form shows it.

    `form.stored` names the fields that a change writes.
    It is in no address, no message and no session, so it cannot be shown a second time.
    """

    noun_of_made = "secret"
    use_of_made = ""  # what the person does with it, as a sentence

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        # Only what the form sets: the worker writes the other fields at the same time.
        obj.save(update_fields=form.stored if change else None)
        obj.made = form.made

    def response_add(self, request: HttpRequest, obj: Any, *args: Any) -> HttpResponse:
        return self._shown(request, obj) or super().response_add(request, obj, *args)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        return self._shown(request, obj) or super().response_change(request, obj)

    def _shown(self, request: HttpRequest, obj: Any) -> HttpResponse | None:
        if not obj.made:
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": f"The {self.noun_of_made} of {obj}",
            "opts": self.opts,
            "secret": obj.made,
            "noun": self.noun_of_made,
            "use": self.use_of_made,
        }
        answer = TemplateResponse(request, "admin/secret.html", context)
        answer["Cache-Control"] = "no-store"
        return answer
