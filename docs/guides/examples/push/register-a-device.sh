curl -sS "$BASE/api/users/me/devices" \
  -H "Authorization: Bearer $TOKEN" \
  --json '{"fcm_token": "'"$FCM_TOKEN"'", "platform": "'"$PLATFORM"'"}'
