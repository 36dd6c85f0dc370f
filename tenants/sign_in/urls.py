"""One's own security, and what of the library's addresses is not offered: people do not change their own address."""

from allauth.mfa.recovery_codes.views import generate_recovery_codes
from allauth.mfa.totp.views import activate_totp
from allauth.mfa.webauthn.views import add_webauthn
from django.urls import path
from django.views.generic import RedirectView

from tenants.reauthentication import reauthenticated
from tenants.sign_in import views

# The library asks nobody who has neither password nor factor; those are the sessions to be careful with.
_CAREFUL = {
    "2fa/totp/activate/": activate_totp,
    "2fa/webauthn/add/": add_webauthn,
    "2fa/recovery-codes/generate/": generate_recovery_codes,
}
urlpatterns = [
    path("security/", views.security, name="security"),
    path("security/sessions/<int:pk>/end/", views.end_session, name="end_session"),
    path("security/sessions/end/", views.end_other_sessions, name="end_other_sessions"),
    path("security/continuation/", views.continuation, name="continuation"),
    path("security/again/", views.sign_in_again, name="sign_in_again"),
    *(path(place, reauthenticated("set this up", pages=True)(view)) for place, view in _CAREFUL.items()),
    *(
        path(place, RedirectView.as_view(pattern_name="security"))
        for place in ("email/", "password/set/", "2fa/", "2fa/webauthn/", "3rdparty/", "sessions/")
    ),
]
