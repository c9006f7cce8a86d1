curl -sS "$BASE/api/auth/refresh" \
  --json '{"refresh_token": "'"$REFRESH_TOKEN"'"}'
