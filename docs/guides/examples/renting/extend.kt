import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.put

suspend fun extend(client: Client, rentalId: String, packageId: String, key: String) =
    client.call("POST", "/api/rentals/$rentalId/extend", body = buildJsonObject {
        put("package_id", packageId)
    }, key = key)
