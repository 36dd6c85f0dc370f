"""The addresses of API keys and service accounts. A deed is the creation of its noun."""

from django.urls import path

from tenants.keys import views

urlpatterns = [
    path("profile/keys/", views.own_keys, name="keys"),
    path("profile/keys/<int:key_id>/revocations/", views.own_revocation, name="key-revocations"),
    path("profile/keys/<int:key_id>/rotations/", views.own_rotation, name="key-rotations"),
    path("service-accounts/", views.accounts, name="service-accounts"),
    path("service-accounts/<int:account_id>/", views.account, name="service-account"),
    path("service-accounts/<int:account_id>/keys/", views.account_keys, name="service-account-keys"),
    path(
        "service-accounts/<int:account_id>/keys/<int:key_id>/revocations/",
        views.account_revocation,
        name="service-account-key-revocations",
    ),
    path(
        "service-accounts/<int:account_id>/keys/<int:key_id>/rotations/",
        views.account_rotation,
        name="service-account-key-rotations",
    ),
]
