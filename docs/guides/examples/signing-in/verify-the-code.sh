curl -sS "$BASE/api/auth/verify-otp" \
  --json '{"challenge_id": "'"$CHALLENGE_ID"'", "code": "'"$CODE"'"}'
