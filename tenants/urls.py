"""The console's addresses of tenants and of one's own profile."""

from django.urls import path

from tenants import security, views

urlpatterns = [
    path("tenants/<slug:slug>/", views.tenant, name="tenant"),
    path("profile/", views.profile, name="profile"),
    path("profile/security/", security.security, name="security"),
    path("profile/security/continuation/", security.continuation, name="continuation"),
    path("profile/security/sign-in/", security.sign_in_again, name="sign_in_again"),
]
