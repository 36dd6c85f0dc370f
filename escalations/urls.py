"""The console's addresses of incidents, elevated access and notices."""

from django.urls import path

from cases import urls as _references  # noqa: F401  (registers the reference converter)
from escalations.views import access, alert_rules, drills, escalations, incidents

urlpatterns = [
    path("incidents/", incidents.incidents, name="incidents"),
    path("incidents/<slug:reference>/", incidents.incident, name="incident"),
    path("incidents/<slug:reference>/grants/", access.incident_requests, name="incident-grants"),
    path("cases/<ref:reference>/incidents/", incidents.links, name="incident-links"),
    path("cases/<ref:reference>/grants/", access.requests, name="grants"),
    path("cases/<ref:reference>/break-glass/", access.broken_glass, name="break-glass"),
    path("cases/<ref:reference>/gifts/", access.gifts, name="gifts"),
    path("access/", access.lists, name="access"),
    path("access/<int:grant_id>/", access.grant, name="grant"),
    path("access/<int:grant_id>/approvals/", access.approvals, name="approvals"),
    path("access/<int:grant_id>/denials/", access.denials, name="denials"),
    path("access/<int:grant_id>/withdrawals/", access.withdrawals, name="withdrawals"),
    path("access/<int:grant_id>/revocations/", access.revocations, name="revocations"),
    path("access/<int:grant_id>/reviews/", access.reviews, name="reviews"),
    path("notices/", incidents.notices, name="notices"),
    path("notices/preferences/", escalations.alert_preferences, name="alert-preferences"),
    path("escalations/<int:escalation_id>/acknowledgements/", escalations.acknowledgements, name="acknowledgements"),
    path("escalations/<int:escalation_id>/closures/", escalations.closures, name="escalation-closures"),
    path("service-levels/alert-rules/", alert_rules.alert_rules, name="alert-rules"),
    path("service-levels/alert-rules/new/", alert_rules.new, name="alert-rule-new"),
    path("service-levels/alert-rules/<int:rule_id>/", alert_rules.alert_rule, name="alert-rule"),
    path("service-levels/alert-rules/<int:rule_id>/switches/", alert_rules.switches, name="alert-rule-switches"),
    path("service-levels/alert-rules/<int:rule_id>/removals/", alert_rules.removals, name="alert-rule-removals"),
    path("service-levels/drills/", drills.drills, name="drills"),
    path("service-levels/drills/<int:drill_id>/", drills.drill, name="drill"),
]
