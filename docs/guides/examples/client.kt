import java.util.concurrent.TimeUnit
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import okhttp3.MediaType.Companion.toMediaType
import okhttp3.OkHttpClient
import okhttp3.Request
import okhttp3.RequestBody.Companion.toRequestBody

class Refusal(val status: Int, val problem: JsonObject, val retryAfter: Long?) :
    Exception(problem["detail"]?.jsonPrimitive?.content) {
    val code = problem.getValue("code").jsonPrimitive.content
}

/** A small client: one function, and an exception that carries the code of the refusal. */
class Client(private val base: String) {
    var accessToken: String? = null

    // Longer than a long poll may wait.
    private val http = OkHttpClient.Builder().readTimeout(35, TimeUnit.SECONDS).build()

    suspend fun call(method: String, path: String, body: JsonObject? = null, key: String? = null): JsonObject =
        withContext(Dispatchers.IO) {
            val sent = body?.toString()?.toRequestBody("application/json".toMediaType())
                ?: if (method == "GET" || method == "DELETE") null else "".toRequestBody()
            val request = Request.Builder().url(base + path).method(method, sent).header("Accept-Language", "en")
            accessToken?.let { request.header("Authorization", "Bearer $it") }
            key?.let { request.header("Idempotency-Key", it) }
            http.newCall(request.build()).execute().use { response ->
                val text = response.body?.string().orEmpty()
                val answer = if (text.isEmpty()) JsonObject(emptyMap()) else Json.parseToJsonElement(text).jsonObject
                if (!response.isSuccessful) {
                    throw Refusal(response.code, answer, response.header("Retry-After")?.toLongOrNull())
                }
                answer
            }
        }
}
