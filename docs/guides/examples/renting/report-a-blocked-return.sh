curl -sS "$BASE/api/rentals/$RENTAL_ID/return-blocked" \
  -H "Authorization: Bearer $TOKEN" \
  --json '{"station_sn": "'"$SN"'"}'
