curl -sS "$BASE/api/packages?station_sn=$SN"
