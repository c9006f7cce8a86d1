"""What the bench of live screens is made of."""
