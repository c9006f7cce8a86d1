curl -sS "$BASE/api/rentals/$RENTAL_ID" \
  -H "Authorization: Bearer $TOKEN"
