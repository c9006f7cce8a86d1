curl -sS "$BASE/api/auth/get-otp" \
  --json '{"identifier": "'"$PHONE"'"}'
