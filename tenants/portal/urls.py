"""Below /portal/: what the tenants' own people see of us."""

from django.urls import include, path

from tenants.portal import views
from tenants.privacy import urls as privacy

urlpatterns = [
    path("", views.home, name="portal"),
    path("open/<slug:key>/", views.enter, name="portal_enter"),
    path("access/", views.access, name="portal_access"),
    path("access/export/", views.export, name="portal_access_export"),
    path("data/", include(privacy.portal)),
    path("leave/", views.leave, name="portal_leave"),
]
