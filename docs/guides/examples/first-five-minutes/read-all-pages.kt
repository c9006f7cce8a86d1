import java.net.URLEncoder
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.contentOrNull
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonPrimitive

suspend fun readAllPages(client: Client): List<JsonElement> {
    val stations = mutableListOf<JsonElement>()
    var next: String? = ""
    while (next != null) {
        val cursor = if (next.isEmpty()) "" else "&cursor=" + URLEncoder.encode(next, "UTF-8")
        val page = client.call("GET", "/api/stations?limit=5$cursor")
        stations += page.getValue("items").jsonArray
        next = page.getValue("next_cursor").jsonPrimitive.contentOrNull
    }
    return stations
}
