import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.put

suspend fun start(client: Client, sn: String, packageId: String, paymentMethod: String, key: String) =
    client.call("POST", "/api/rentals/initiate", body = buildJsonObject {
        put("station_sn", sn)
        put("package_id", packageId)
        put("payment_method", paymentMethod)
    }, key = key)
