curl -sS "$BASE/api/stations/nearby?lat=$LAT&lng=$LNG&limit=3"
