curl -sS -X POST "$BASE/api/payment/intents/$INTENT_ID/verify" \
  -H "Authorization: Bearer $TOKEN"
