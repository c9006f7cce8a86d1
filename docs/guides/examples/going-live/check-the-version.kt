suspend fun checkTheVersion(client: Client, platform: String, version: String) =
    client.call("GET", "/api/app/version?platform=$platform&version=$version")
