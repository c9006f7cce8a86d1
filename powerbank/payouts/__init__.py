"""Payouts: what partners have earned is paid to their accounts, once, and checked by two people."""
