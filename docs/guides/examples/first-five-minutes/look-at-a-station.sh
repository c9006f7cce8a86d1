curl -sS "$BASE/api/stations/$SN"
