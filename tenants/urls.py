"""The console's addresses of tenants and of one's own profile."""

from django.urls import path

from tenants import views

urlpatterns = [
    path("tenants/<slug:slug>/", views.tenant, name="tenant"),
    path("profile/", views.profile, name="profile"),
]
