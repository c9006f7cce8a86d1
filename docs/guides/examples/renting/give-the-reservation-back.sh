curl -sS -X DELETE "$BASE/api/reservations/$RESERVATION_ID" \
  -H "Authorization: Bearer $TOKEN"
