"""One's own security, and what of the library's addresses is not offered: people do not change their own address."""

from django.urls import path
from django.views.generic import RedirectView

from tenants.sign_in import views

urlpatterns = [
    path("security/", views.security, name="security"),
    path("security/sessions/<int:pk>/end/", views.end_session, name="end_session"),
    path("security/sessions/end/", views.end_other_sessions, name="end_other_sessions"),
    path("security/continuation/", views.continuation, name="continuation"),
    path("security/again/", views.sign_in_again, name="sign_in_again"),
    *(
        path(place, RedirectView.as_view(pattern_name="security"))
        for place in ("email/", "password/set/", "2fa/", "2fa/webauthn/", "3rdparty/", "sessions/")
    ),
]
