"""Every address, by app. Nouns; the same words in the console and in the API."""

from django.contrib import admin
from django.urls import include, path

from companyos.live import live
from companyos.web import health

urlpatterns = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("live/", live, name="live"),
    path("admin/", admin.site.urls),
    path("accounts/", include("tenants.sign_in.urls")),
    path("accounts/", include("allauth.urls")),
    path("api/", include("companyos.api")),
    path("portal/", include("tenants.portal.urls")),
    path("", include("cases.urls")),
    path("", include("tenants.urls")),
    path("", include("tenants.keys.urls")),
    path("", include("tenants.retention.urls")),
    path("", include("tenants.privacy.urls")),
    path("", include("sla.urls")),
    path("", include("escalations.urls")),
    path("", include("integrations.urls")),
    path("", include("reporting.urls")),
]
