suspend fun chooseAPackage(client: Client, sn: String) =
    client.call("GET", "/api/packages?station_sn=$sn")
