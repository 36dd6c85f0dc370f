"""Below /api/v1/."""

from django.urls import path

from tenants import api

urlpatterns = [
    path("me/", api.MeEndpoint.as_view()),
    path("tenants/", api.TenantsEndpoint.as_view()),
    path("tenants/<slug:slug>/", api.TenantEndpoint.as_view()),
    path("tenants/<slug:slug>/requesters/", api.RequestersEndpoint.as_view()),
]
