curl -sS -X PATCH "$BASE/api/users/me" \
  -H "Authorization: Bearer $TOKEN" \
  --json '{"first_name": "Maya", "last_name": "Gurung", "date_of_birth": "1998-04-13",
           "address": "Thamel 26", "city": "Kathmandu"}'
