import java.io.IOException
import kotlin.random.Random
import kotlinx.coroutines.delay
import kotlinx.serialization.json.JsonObject

// Sends until an answer came, always with the same key, so that it happens once however often it is sent.
suspend fun retry(client: Client, method: String, path: String, body: JsonObject?, key: String): JsonObject {
    var attempt = 1
    while (true) {
        var seconds = (1 shl (attempt - 1)) * Random.nextDouble(0.5, 1.5)
        try {
            return client.call(method, path, body, key)
        } catch (away: IOException) {
            if (attempt == 5) throw away
        } catch (refusal: Refusal) {
            if (refusal.status !in listOf(429, 500, 503) || attempt == 5) throw refusal
            refusal.retryAfter?.let { seconds = it.toDouble() }
        }
        delay((seconds * 1000).toLong())
        attempt += 1
    }
}
