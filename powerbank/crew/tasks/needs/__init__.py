"""What stations need: what is wrong at them, and what the next hours want of them."""
