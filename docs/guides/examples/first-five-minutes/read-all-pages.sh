# The `next_cursor` of a page goes into the address of the next one, until it is null. The first page has none.
curl -sS "$BASE/api/stations?limit=5${CURSOR:+&cursor=$CURSOR}"
