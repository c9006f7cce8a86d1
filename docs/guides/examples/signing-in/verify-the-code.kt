import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.put

suspend fun verifyTheCode(client: Client, challengeId: String, code: String) =
    client.call("POST", "/api/auth/verify-otp", body = buildJsonObject {
        put("challenge_id", challengeId)
        put("code", code)
    })
