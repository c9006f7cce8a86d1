# The same key each time. curl waits as long as `Retry-After` says, or 1, 2, 4 … seconds.
curl -sS --retry 4 --retry-connrefused "$BASE/api/wallet/topup-intent" \
  -H "Authorization: Bearer $TOKEN" \
  -H "Idempotency-Key: $KEY" \
  --json '{"amount": "'"$AMOUNT"'", "gateway": "'"$GATEWAY"'"}'
