"""Agreements: what a venue gets at which stations, by which terms, and what terms would have paid."""
