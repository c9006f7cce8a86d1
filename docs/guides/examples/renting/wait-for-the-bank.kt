import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.int
import kotlinx.serialization.json.jsonPrimitive

suspend fun waitForTheBank(client: Client, rentalId: String, show: (JsonObject) -> Unit = {}): JsonObject {
    var since = 0
    while (true) {
        val rental = client.call("GET", "/api/rentals/$rentalId?wait=25&since=$since")
        show(rental)
        val status = rental.getValue("status").jsonPrimitive.content
        if (status != "pending" && status != "ejecting") return rental // active, or failed and nothing is charged
        since = rental.getValue("version").jsonPrimitive.int
    }
}
