import kotlinx.serialization.json.add
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.putJsonArray

suspend fun askForATicket(client: Client, rentalId: String) =
    client.call("POST", "/api/live/tickets", body = buildJsonObject {
        putJsonArray("topics") {
            add("me")
            add("rental:$rentalId")
        }
    })
