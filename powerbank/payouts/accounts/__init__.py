"""Payout accounts: where a payee is paid, and how its number is kept."""
