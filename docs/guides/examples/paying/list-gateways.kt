suspend fun listGateways(client: Client) =
    client.call("GET", "/api/payment/methods")
