curl -sS "$BASE/api/live/tickets" \
  -H "Authorization: Bearer $TOKEN" \
  --json '{"topics": ["me", "rental:'"$RENTAL_ID"'"]}'
