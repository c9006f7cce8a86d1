curl -sS "$BASE/api/rentals/$RENTAL_ID/extend" \
  -H "Authorization: Bearer $TOKEN" \
  -H "Idempotency-Key: $KEY" \
  --json '{"package_id": "'"$PACKAGE_ID"'"}'
