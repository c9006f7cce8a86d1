curl -sS "$BASE/api/auth/register" \
  --json '{"verification_token": "'"$VERIFICATION_TOKEN"'", "username": "'"$USERNAME"'"}'
