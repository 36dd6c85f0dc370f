"""Authentication."""

from companyos.demo.seed.plots.plot import Plot

PLOTS = (
    Plot(
        subject="Nobody can sign in through {provider} since {hour}",
        description=(
            "All users are sent back to the sign-in page after {provider}. The page shows ERR-AUTH-401. "
            "About {count} people in the {team} team cannot work; timeouts are not the problem, it fails at once."
        ),
        priority="P1",
        error_id="ERR-AUTH-401",
        resource="auth",
        macro="sso-sign-in",
        note="Fingerprint of the signing certificate differs from the one we hold. Renewed at the provider.",
        mitigation=(
            "Took over the new signing certificate after checking its fingerprint by phone with their administrator."
        ),
        ask="We have taken over the new certificate. Could two people sign in and tell us the result?",
        answer="Both are in, and everybody else as well. Thank you for being so quick.",
        code="configuration",
        summary=(
            "{provider} signs with a new certificate since {hour}, which our side did not know yet. It is "
            "registered now "
            "and everybody can sign in."
        ),
        root_cause="Certificate of {provider} renewed without updating the connection",
        preventive="Warn administrators 30 days before the certificate of an SSO connection expires.",
        tags=("authentication", "sso"),
        not_fixed="Half of the team still gets ERR-AUTH-401, it seems to be those on mobile.",
    ),
    Plot(
        subject="{person} is signed in but sees “no access”",
        description=(
            "{person} can sign in with {provider} and then gets ERR-AUTH-403. The group in {provider} is the same as "
            "for the colleagues. What are we missing?"
        ),
        priority="P3",
        error_id="ERR-AUTH-403",
        reply=(
            "The sign-in itself works, so it is the group mapping: {provider} sends the group's ID since its last "
            "update, and the mapping knows its name. Changing the mapping to the ID gives the role back."
        ),
        ask="Could you change the mapping under Settings → Single sign-on and let {person} try again?",
        answer="That was it. Access is back.",
        code="answered",
        summary="The group mapping compares IDs now, and the role is back.",
        root_cause="Group mapping by name breaks when the provider sends IDs",
        preventive="Write a guide: mapping groups by ID.",
        tags=("authentication", "sso", "roles"),
    ),
    Plot(
        subject="Token of the {stream} exporter stopped working",
        description=(
            "The export job for {stream} fails since {hour} with ERR-AUTH-419. We did not change the token. It ran for "
            "three months without a problem."
        ),
        priority="P2",
        error_id="ERR-AUTH-419",
        macro="api-token-expired",
        code="answered",
        summary=(
            "The token had reached its 90 days. A new one is in use, and the rotation script runs every "
            "60 days from now on."
        ),
        root_cause="Tokens expire after 90 days without a notice to their owner",
        preventive="Write a guide: rotating tokens; mail the owner seven days before a token expires.",
        tags=("authentication", "tokens"),
    ),
    Plot(
        subject="Second factor is asked on every sign-in",
        description=(
            "Since version {version} {person} has to enter the second factor at every sign-in, although the device is "
            "marked as trusted. {browser}, cookies allowed."
        ),
        priority="P3",
        reply=(
            "We can repeat it: the cookie of a trusted device is set without its lifetime in {version}, "
            "so it ends with "
            "the browser. The fix is in review."
        ),
        note="Regression of the cookie change. Fix is behind review, next release.",
        code="defect",
        summary="The trusted device is remembered for 30 days again; the fix is live.",
        root_cause="Cookie of a trusted device lost its lifetime in a release",
        preventive="A browser test signs in twice on a trusted device.",
        tags=("authentication", "mfa", "defect"),
    ),
    Plot(
        subject="Please remove access of a former colleague",
        description=(
            "{person} left last week. The account is gone in {provider}, but the user is still listed "
            "here with a role. "
            "How do we make sure that there is no way in?"
        ),
        priority="P2",
        reply=(
            "There is no way in: without an account at {provider} no session can begin, and open sessions ended within "
            "an hour. We have also revoked the two tokens that the person owned."
        ),
        code="configuration",
        summary=(
            "Sessions ended, both tokens are revoked, and the user is deactivated. With SCIM this happens by itself."
        ),
        root_cause="Offboarding is not synchronised without SCIM",
        preventive="Offer SCIM in the set-up of single sign-on.",
        tags=("authentication", "offboarding", "security"),
    ),
    Plot(
        subject="Sign-in is very slow in the morning",
        description=(
            "Between eight and nine signing in takes {count} seconds and sometimes times out. Later in the day it is "
            "fast. About {percent} % of our people are affected."
        ),
        priority="P2",
        reply=(
            "Thank you, we see the peak. The look-up of group members at {provider} takes that long when many begin at "
            "once; we are raising the time for which we keep its answer."
        ),
        note="Group look-up is not cached for this tenant. Cache set to ten minutes.",
        ask="The look-up is cached since last evening. How was this morning?",
        answer="Much better, about two seconds.",
        code="configuration",
        summary="Group look-ups are kept for ten minutes, and the morning's sign-ins take two seconds.",
        root_cause="Group look-ups are not cached by default",
        preventive="Cache group look-ups for every new connection.",
        tags=("authentication", "performance"),
    ),
    Plot(
        subject="Can we limit sign-in to our office network?",
        description=(
            "The {team} team asks for sign-in from our own addresses only. Is that possible on our plan, and does it "
            "hold for tokens as well?"
        ),
        priority="P3",
        reply=(
            "It is possible for people through {provider}'s own rules. For tokens we do not have it yet; we have noted "
            "your wish with the reason that you gave."
        ),
        code="workaround",
        summary="For people the rule stands at {provider}; an allow list for tokens is noted as a wish.",
        root_cause="No network allow list for tokens",
        preventive="Allow lists of networks per token.",
        tags=("authentication", "feature-request", "security"),
    ),
)
