curl -sS "$BASE/api/auth/logout" \
  --json '{"refresh_token": "'"$REFRESH_TOKEN"'"}'
