import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.put

suspend fun reportABlockedReturn(client: Client, rentalId: String, sn: String) =
    client.call("POST", "/api/rentals/$rentalId/return-blocked", body = buildJsonObject {
        put("station_sn", sn)
    })
