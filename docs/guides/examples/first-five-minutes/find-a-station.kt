suspend fun findAStation(client: Client, lat: Double, lng: Double) =
    client.call("GET", "/api/stations/nearby?lat=$lat&lng=$lng&limit=3")
