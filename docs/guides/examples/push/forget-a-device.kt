suspend fun forgetADevice(client: Client, deviceId: String) =
    client.call("DELETE", "/api/users/me/devices/$deviceId")
