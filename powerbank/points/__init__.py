"""Points: what earns them, when they expire, and who gets them by hand. Their balances are the ledger's."""
