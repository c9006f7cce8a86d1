import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.put

suspend fun askForACode(client: Client, phone: String) =
    client.call("POST", "/api/auth/get-otp", body = buildJsonObject {
        put("identifier", phone)
    })
