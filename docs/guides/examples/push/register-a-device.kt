import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.put

suspend fun registerADevice(client: Client, fcmToken: String, platform: String) =
    client.call("POST", "/api/users/me/devices", body = buildJsonObject {
        put("fcm_token", fcmToken)
        put("platform", platform)
    })
