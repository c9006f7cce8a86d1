# Ask again each second while `status` is `pending`.
curl -sS "$BASE/api/payment/intents/$INTENT_ID" \
  -H "Authorization: Bearer $TOKEN"
