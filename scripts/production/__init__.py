"""What an operator runs on a server: `scripts/manage` and what it stands on."""
