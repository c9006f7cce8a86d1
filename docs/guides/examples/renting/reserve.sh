curl -sS "$BASE/api/reservations" \
  -H "Authorization: Bearer $TOKEN" \
  -H "Idempotency-Key: $KEY" \
  --json '{"station_sn": "'"$SN"'", "package_id": "'"$PACKAGE_ID"'", "minutes": 10}'
