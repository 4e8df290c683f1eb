"""The page on which a member of staff sets the preferences."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from portal.preferences.form import PreferencesForm
from portal.preferences.reading import of_request


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """Show the form, or store what was sent."""
    form = PreferencesForm(request.POST or None, instance=of_request(request))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Your preferences are saved.")
        return HttpResponseRedirect(reverse("preferences"))
    status = 422 if form.errors else 200
    return render(request, "account/preferences.html", {"form": form}, status=status)
