//! What happens to a campaign: intake, schedule, sending, receipts, recovery.
