suspend fun whoAmI(client: Client) =
    client.call("GET", "/api/users/me")
