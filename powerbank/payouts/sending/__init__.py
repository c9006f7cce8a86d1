"""Sending: the providers of payouts, bank files, and what became of what was sent."""
