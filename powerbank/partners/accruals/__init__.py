"""Accruals: shares booked with the revenue, rents and guarantees of months, history, and the recount."""
