import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.put

suspend fun refresh(client: Client, refreshToken: String) =
    client.call("POST", "/api/auth/refresh", body = buildJsonObject {
        put("refresh_token", refreshToken)
    })
