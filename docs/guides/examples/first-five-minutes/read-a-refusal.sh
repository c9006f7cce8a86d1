curl -sS "$BASE/api/wallet"
