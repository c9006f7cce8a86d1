suspend fun lookAtAStation(client: Client, sn: String) =
    client.call("GET", "/api/stations/$sn")
