"""UI glitches."""

from companyos.demo.seed.plots.plot import Plot

PLOTS = (
    Plot(
        subject="Dashboard “{dashboard}” stays blank",
        description=(
            "“{dashboard}” shows an empty page with ERR-UI-CHUNK since the update to {version}. Other dashboards are "
            "fine. {browser}; {person} sees the same."
        ),
        priority="P2",
        error_id="ERR-UI-CHUNK",
        resource="dashboard",
        macro="interface-hard-reload",
        note="Old chunk name cached by the service worker. Purge helps, fix bumps the worker's version.",
        code="defect",
        summary=(
            "The page asked for a part of the earlier version. The fix is live, and a reload shows “{dashboard}” again."
        ),
        root_cause="Service worker keeps chunk names across a release",
        preventive="Browser test that opens every dashboard over an update.",
        tags=("interface", "defect", "release"),
        not_fixed="It is blank again in {browser} after a restart of the browser.",
    ),
    Plot(
        subject="Filter of “{dashboard}” forgets its selection",
        description=(
            "Choosing {count} stores in the filter works, but after opening a chart and going back the selection is "
            "empty. Annoying, since we do that all day."
        ),
        priority="P3",
        macro="interface-recording",
        ask="Could you send us a short recording, and tell us whether the address changes when you go back?",
        answer="Recording is attached. The address does lose the part after the question mark.",
        code="defect",
        summary="Going back keeps the selection again: the address now carries it.",
        root_cause="Filter state is not part of the address",
        preventive="All filters of dashboards are kept in the address.",
        tags=("interface", "filters"),
    ),
    Plot(
        subject="Chart in “{dashboard}” shows times an hour off",
        description=(
            "Since the weekend the chart in “{dashboard}” is an hour off, the table below it is right. "
            "{person} noticed "
            "it when comparing with {stream}."
        ),
        priority="P2",
        reply=(
            "You are right, and so is the table: the chart still uses the offset of the winter. We have "
            "the line of code "
            "and will write when the fix is out."
        ),
        note="Chart library takes the browser's offset of now for all points.",
        code="defect",
        summary="Charts use the offset of each point's own day; “{dashboard}” and its table agree.",
        root_cause="Charts apply today's time zone offset to past points",
        preventive="Tests of charts over both changes of the clock.",
        tags=("interface", "time-zones", "defect"),
    ),
    Plot(
        subject="How do I share “{dashboard}” with people outside?",
        description=(
            "The {team} team would like to show “{dashboard}” to a partner who has no account. Is there a "
            "read-only link, "
            "and can it expire?"
        ),
        priority="P3",
        reply=(
            "Under Share → Link you can make a read-only link that ends after up to 30 days; an administrator has to "
            "allow links first. It shows the dashboard as it was when the link was made."
        ),
        code="answered",
        summary="Read-only links under Share → Link, allowed by an administrator, for up to 30 days.",
        root_cause="Sharing outside is hard to find",
        preventive="Write a guide: sharing a dashboard with partners.",
        tags=("interface", "how-to", "sharing"),
    ),
    Plot(
        subject="“{dashboard}” is very slow since {version}",
        description=(
            "Opening “{dashboard}” takes {minutes} seconds since {version}, before it was two. The browser is busy the "
            "whole time. Degraded for everybody in the {team} team."
        ),
        priority="P2",
        resource="dashboard",
        reply=(
            "We can see it in the timings: the page asks for each tile on its own since {version}. We "
            "have switched your "
            "workspace back to the earlier way while we correct it."
        ),
        mitigation="Feature flag `tiles-lazy` off for the tenant; opening takes two seconds again.",
        ask="We have switched the new way of loading off for you. Is it fast again?",
        answer="Yes, back to normal.",
        code="configuration",
        summary="The new way of loading tiles is off for your workspace and comes back once it is as fast as before.",
        root_cause="One request per tile after the release",
        preventive="A time budget for opening the largest dashboards, checked before a release.",
        tags=("interface", "performance"),
    ),
    Plot(
        subject="Button “Export” does nothing in {browser}",
        description=(
            "Pressing “Export” on “{dashboard}” does nothing in {browser}; in another browser it works. "
            "The console shows "
            "ERR-UI-POPUP."
        ),
        priority="P3",
        error_id="ERR-UI-POPUP",
        reply=(
            "{browser} blocks the window that the export opens. Allowing pop-ups for our address helps today; we are "
            "changing it so that no window is needed."
        ),
        code="workaround",
        summary="Allowing pop-ups for the address makes the export work; a way without a window is planned.",
        root_cause="Exports open a window, which browsers block",
        preventive="Download exports without a window.",
        tags=("interface", "exports"),
    ),
    Plot(
        subject="Dark theme: labels of “{dashboard}” are unreadable",
        description="In the dark theme the labels of the axes are dark grey on black. Screenshot attached, {browser}.",
        priority="P3",
        macro="interface-recording",
        code="defect",
        summary="The labels have enough contrast in the dark theme since today's release.",
        root_cause="Chart labels ignore the theme",
        preventive="Contrast check of both themes in the release.",
        tags=("interface", "accessibility", "dark-theme"),
    ),
)
