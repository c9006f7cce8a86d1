suspend fun readTheWallet(client: Client) =
    client.call("GET", "/api/wallet")
