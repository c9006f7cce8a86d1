"""What the benches of rentals are made of."""
