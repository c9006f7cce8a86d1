suspend fun readTheReceipt(client: Client, rentalId: String) =
    client.call("GET", "/api/rentals/$rentalId")
