curl -sS "$BASE/api/users/me" \
  -H "Authorization: Bearer $TOKEN"
