"""Billing limits."""

from companyos.demo.seed.plots.plot import Plot

PLOTS = (
    Plot(
        subject="Cannot invite {person}: seat limit reached",
        description=(
            "Inviting {person} fails with ERR-BILLING-402. We count {count} active people, the plan should allow more. "
            "Do deactivated users count?"
        ),
        priority="P3",
        error_id="ERR-BILLING-402",
        macro="billing-limit-reached",
        ask="Deactivated users do count until the month ends. Shall we raise the limit by five seats until then?",
        answer="Yes please, five more until the end of the month.",
        code="quota",
        summary=(
            "The seat limit is five higher until the end of the month. Deactivated users are free from the first on."
        ),
        root_cause="Deactivated users count towards seats until the month ends",
        preventive="Raise the default seat allowance, and stop counting deactivated users at once.",
        tags=("billing", "seats", "quota"),
    ),
    Plot(
        subject="Invoice is {percent} % higher than we expected",
        description=(
            "The last invoice is {percent} % above the month before, though we send the same amount to {stream}. Could "
            "you explain the metered part?"
        ),
        priority="P3",
        macro="billing-invoice-explained",
        note="Metered part is right: replay of a dead-letter stream counted once as accepted. Explain with figures.",
        code="answered",
        summary=(
            "The difference is the replay of {stream}: replayed events are accepted events. The table attached to your "
            "billing page shows it per day."
        ),
        root_cause="It is not clear that replayed events are metered",
        preventive="Write a guide: what the metered part counts.",
        tags=("billing", "invoice"),
    ),
    Plot(
        subject="Exports blocked by the plan limit before month end",
        description=(
            "Exports fail since {hour} with ERR-BILLING-402 and the {team} team cannot deliver its report tonight. "
            "We are on {count} exports over what we thought was included. Can you unblock us?"
        ),
        priority="P1",
        error_id="ERR-BILLING-402",
        resource="billing",
        macro="billing-limit-reached",
        mitigation="Raised the export limit by 20 % for seven days; the account manager is told.",
        ask="The limit is 20 % higher for seven days. Does the report go through now?",
        answer="It does, the report is on its way. We will talk to our account manager.",
        code="quota",
        summary=(
            "The export limit is 20 % higher for seven days, and the report went out. Your account manager will call."
        ),
        root_cause="Default export limit is too low for month-end reporting",
        preventive="Raise the default export limit for this segment.",
        tags=("billing", "quota", "exports"),
    ),
    Plot(
        subject="VAT number is missing on the invoice",
        description="Our VAT number was entered in the settings last week, but the new invoice does not show it.",
        priority="P3",
        macro="billing-invoice-explained",
        code="configuration",
        summary="The invoice was made an hour before the number was saved. A corrected one is on your billing page.",
        root_cause="Invoices are drafted before the month's last changes are read",
        preventive="Read billing details when the invoice is sent, not when it is drafted.",
        tags=("billing", "invoice", "vat"),
    ),
    Plot(
        subject="Retention setting cannot be raised above {count} days",
        description=(
            "We would like to keep {stream} longer, but the slider stops at {count} days. Our contract "
            "speaks of a year. "
            "The {team} team needs it for an audit."
        ),
        priority="P2",
        reply=(
            "Your contract is right. The entitlement in the system was still that of the old plan; we are "
            "correcting it "
            "and nothing has been deleted in the meantime."
        ),
        note="Entitlement was not carried over at the plan change. Deletion is held for the workspace.",
        ask="The slider goes up to 365 days now. Could you set it and confirm?",
        answer="Set to 365 days and saved.",
        code="configuration",
        summary="The entitlement of the old plan was corrected to 365 days; no data was deleted in between.",
        root_cause="Entitlements are not carried over when a plan changes",
        preventive="Compare entitlements with the contract after every plan change.",
        tags=("billing", "entitlements", "retention"),
    ),
    Plot(
        subject="Usage page shows yesterday's figures",
        description=(
            "The usage page stands still since {hour} of yesterday. We steer our sending by it and are unable to see "
            "how much of the quota is left."
        ),
        priority="P2",
        resource="billing",
        reply="The meter is running, only the page is behind: its job waits for a lock. We are releasing it now.",
        note="Stuck advisory lock of the roll-up job after the last deploy.",
        code="defect",
        summary=(
            "The job behind the page held a lock from an aborted run. It is released and the page is current again."
        ),
        root_cause="Roll-up job keeps its lock when it is aborted",
        preventive="Locks of jobs end with their session; alert when the page is older than an hour.",
        tags=("billing", "usage", "defect"),
    ),
    Plot(
        subject="Is there a discount for a second workspace?",
        description=(
            "The {team} team would like a workspace of its own for {stream}. Does the discount of our "
            "plan hold for it, "
            "and can both be on one invoice?"
        ),
        priority="P3",
        reply=(
            "Both are possible from the next month on. Your account manager sends an offer; one invoice is the default."
        ),
        code="answered",
        summary="The offer is with you; one invoice for both workspaces from next month on.",
        root_cause="No page on several workspaces of one customer",
        preventive="Write a guide: several workspaces, one invoice.",
        tags=("billing", "how-to"),
    ),
)
