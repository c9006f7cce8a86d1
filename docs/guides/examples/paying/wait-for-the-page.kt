import kotlinx.coroutines.delay
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.jsonPrimitive

suspend fun waitForThePage(client: Client, intentId: String): JsonObject {
    while (true) {
        val intent = client.call("GET", "/api/payment/intents/$intentId")
        val status = intent.getValue("status").jsonPrimitive.content
        if (status != "pending") return intent // ready: it has a `payment_url`, for eSewa a `form`
        delay(1000)
    }
}
