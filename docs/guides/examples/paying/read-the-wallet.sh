curl -sS "$BASE/api/wallet" \
  -H "Authorization: Bearer $TOKEN"
