import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.put

suspend fun signOut(client: Client, refreshToken: String) =
    client.call("POST", "/api/auth/logout", body = buildJsonObject {
        put("refresh_token", refreshToken)
    })
