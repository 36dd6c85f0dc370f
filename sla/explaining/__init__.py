"""Why a clock is due then: its ledger told as stretches, marks and terms."""
