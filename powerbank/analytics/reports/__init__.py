"""Reports: figures of a day, a week or a month, made once, kept, and mailed to those who want them."""
