"""Coupons and campaigns: what is given away, to whom, and within which budget."""
