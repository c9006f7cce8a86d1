import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.put

suspend fun completeTheProfile(client: Client) =
    client.call("PATCH", "/api/users/me", body = buildJsonObject {
        put("first_name", "Maya")
        put("last_name", "Gurung")
        put("date_of_birth", "1998-04-13")
        put("address", "Thamel 26")
        put("city", "Kathmandu")
    })
