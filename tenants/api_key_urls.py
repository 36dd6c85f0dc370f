"""The addresses of API keys and service accounts. A deed is the creation of its noun."""

from django.urls import path

from tenants import api_key_pages as pages

urlpatterns = [
    path("profile/keys/", pages.own_keys, name="keys"),
    path("profile/keys/<int:key_id>/revocations/", pages.own_revocation, name="key-revocations"),
    path("profile/keys/<int:key_id>/rotations/", pages.own_rotation, name="key-rotations"),
    path("service-accounts/", pages.accounts, name="service-accounts"),
    path("service-accounts/<int:account_id>/", pages.account, name="service-account"),
    path("service-accounts/<int:account_id>/keys/", pages.account_keys, name="service-account-keys"),
    path(
        "service-accounts/<int:account_id>/keys/<int:key_id>/revocations/",
        pages.account_revocation,
        name="service-account-key-revocations",
    ),
    path(
        "service-accounts/<int:account_id>/keys/<int:key_id>/rotations/",
        pages.account_rotation,
        name="service-account-key-rotations",
    ),
]
