curl -sS "$BASE/api/rentals/initiate" \
  -H "Authorization: Bearer $TOKEN" \
  -H "Idempotency-Key: $KEY" \
  --json '{"station_sn": "'"$SN"'", "package_id": "'"$PACKAGE_ID"'", "payment_method": "'"$PAYMENT_METHOD"'"}'
