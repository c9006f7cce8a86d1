curl -sS "$BASE/api/payment/calculate-options" \
  -H "Authorization: Bearer $TOKEN" \
  --json '{"scenario": "pre_payment", "package_id": "'"$PACKAGE_ID"'"}'
