import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.put

suspend fun topUp(client: Client, amount: String, gateway: String, key: String) =
    client.call("POST", "/api/wallet/topup-intent", body = buildJsonObject {
        put("amount", amount)
        put("gateway", gateway)
    }, key = key)
