import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.put

suspend fun reserve(client: Client, sn: String, packageId: String, key: String) =
    client.call("POST", "/api/reservations", body = buildJsonObject {
        put("station_sn", sn)
        put("package_id", packageId)
        put("minutes", 10)
    }, key = key)
