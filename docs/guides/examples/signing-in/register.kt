import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.put

suspend fun register(client: Client, verificationToken: String, username: String) =
    client.call("POST", "/api/auth/register", body = buildJsonObject {
        put("verification_token", verificationToken)
        put("username", username)
    })
