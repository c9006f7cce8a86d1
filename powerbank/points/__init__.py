"""What earns points, when they expire, and who gets them by hand. As money they are the ledger's."""
