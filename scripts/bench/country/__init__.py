"""The data of a country of any size, made inside the server: every row follows from its number."""
