"""The console's pages: reports and backlogs, and the audit trail."""
