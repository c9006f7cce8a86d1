curl -sS -X DELETE "$BASE/api/users/me/devices/$DEVICE_ID" \
  -H "Authorization: Bearer $TOKEN"
