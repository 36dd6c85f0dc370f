"""What if: the ledgers of a past period, told again under other service levels."""
