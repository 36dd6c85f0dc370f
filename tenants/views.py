"""The tenant's page and one's own profile."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from companyos.web.gate import console_view
from tenants import console
from tenants.forms import ProfileForm


@console_view(GET="tenant.read")
def tenant(request: HttpRequest, slug: str) -> HttpResponse:
    """Health, entitlements, requesters; a tenant out of reach is as absent as one that never was.

    Of a restricted one only the master data is shown.
    """
    found = console.get_tenant(slug, request.actor, content=False)
    locked = not request.actor.reads_content(found.pk)
    view = None if locked else console.overview(found, timezone.now())
    page = {"tenant": found, "view": view, "locked": locked, "place": "tenants"}
    return render(request, "tenants/tenant.html", page)


@console_view(GET="console.use", POST="console.use")
def profile(request: HttpRequest) -> HttpResponse:
    """One's own name, time zone, theme and shortcuts."""
    form = ProfileForm(request.POST if request.method == "POST" else None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Profile saved.")
        return redirect("profile")
    status = 422 if form.errors else 200
    return render(request, "tenants/profile.html", {"form": form, "place": "profile"}, status=status)
