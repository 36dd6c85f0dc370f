"""The runbooks' text, in Markdown."""

INGESTION = """\
## When
Events arrive late, or producers get `ERR-INGEST-429`. For `ERR-INGEST-422` go to *Refused by the schema* below.

## Find out
1. Run the diagnostics of this runbook. They keep health, configuration, logs and traces on the case as evidence.
2. In **health**, compare `offered_eps` with `quota_eps`. Offered above quota means throttling, not a fault.
3. In **traces**, look at the span `quota.reserve`: it carries the quota that was in force.
4. Ask whether the load is wanted. A doubled rate at a round hour is often a producer started twice.

## Mitigate
- The load is wanted: raise the quota to 120 % of the highest offered rate of the last hour. It holds within a minute.
- The load is not wanted: ask the customer to stop the second producer; leave the quota.
- Several tenants at once: link or open an incident before you touch quotas one by one.

Write what you changed as a **mitigation** on the case, with the figure before and after.

## Refused by the schema
`ERR-INGEST-422` names the field. Refused events wait seven days in the dead-letter stream and can be replayed.

## Done when
*Accepted events* is above 99.5 % for ten minutes **and** the customer says that the delay is gone.
"""

AUTHENTICATION = """\
## When
People cannot sign in (`ERR-AUTH-401`, `ERR-AUTH-403`), or a program's token is refused (`ERR-AUTH-419`).

## Find out
1. One person or everybody? One person: role and group. Everybody: the SSO connection.
2. Run the diagnostics; *Sign-in and tokens* being healthy speaks for the customer's identity provider.
3. `ERR-AUTH-401` with SSO: compare the certificate's fingerprint and the audience with the provider's.
4. `ERR-AUTH-403`: the sign-in worked, the group mapping gives no role.
5. `ERR-AUTH-419`: the token has expired. Tokens live for 90 days.

## Mitigate
- New certificate at the provider: an administrator of the customer uploads the metadata again.
- Nobody can get in any more: a break-glass link to a **verified** administrator, two people, noted on the case.

Never ask for a password, a recovery code or a whole SAML response.

## Done when
A named person has signed in while you watched the log, and the cause stands in the resolution.
"""

BILLING = """\
## When
A limit refuses something (`ERR-BILLING-402`), or an invoice is questioned.

## Find out
1. Open the tenant's page: entitlements show limit and use. Above 90 % the customer was told by e-mail.
2. For an invoice, the metered part follows **accepted** events of the month before, in the tenant's time zone.
3. Run the diagnostics to rule out a late meter: the configuration shows its revision.

## Mitigate
- A limit stands in the way of production: raise it by 20 % for seven days; the account manager confirms afterwards.
- A wrong invoice: do not correct it by hand. Ask billing operations for a credit note and say so on the case.

## Done when
The customer knows what counts, and the entitlement on the tenant's page is what was agreed.
"""

INTERFACE = """\
## When
Something in the dashboard looks wrong, is blank or does not react (`ERR-UI-…`).

## Find out
1. Browser and version, a picture, the address of the page. With those three you can repeat most of it.
2. Run the diagnostics: is *Dashboard* or *Query API* slow? Then it is not a glitch.
3. Try a private window. If that helps, it is a cached part of an earlier version.
4. Look at the release notes of the last week for the page in question.

## Mitigate
- Cached part: hard reload; if many are hit, ask for a cache purge.
- A defect of the release: feature flag off for the tenant, and a bug with the steps to repeat it.

## Done when
The customer confirms on the version that carries the fix, not on the workaround.
"""
