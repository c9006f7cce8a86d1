curl -sS "$BASE/api/payment/methods"
