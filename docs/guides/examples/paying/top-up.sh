curl -sS "$BASE/api/wallet/topup-intent" \
  -H "Authorization: Bearer $TOKEN" \
  -H "Idempotency-Key: $KEY" \
  --json '{"amount": "'"$AMOUNT"'", "gateway": "'"$GATEWAY"'"}'
