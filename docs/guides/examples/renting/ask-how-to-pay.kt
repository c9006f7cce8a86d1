import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.put

suspend fun askHowToPay(client: Client, packageId: String) =
    client.call("POST", "/api/payment/calculate-options", body = buildJsonObject {
        put("scenario", "pre_payment")
        put("package_id", packageId)
    })
