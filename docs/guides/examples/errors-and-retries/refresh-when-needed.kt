import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.put

class Tokens(var refreshToken: String) // in an EncryptedFile or the Keystore

class SignedIn(private val client: Client, private val tokens: Tokens) {
    private val renewing = Mutex()

    suspend fun call(method: String, path: String, body: JsonObject? = null, key: String? = null): JsonObject {
        val used = client.accessToken
        try {
            return client.call(method, path, body, key)
        } catch (refusal: Refusal) {
            if (refusal.code != "unauthenticated") throw refusal
        }
        // One refresh for all requests that were refused meanwhile: a token that is spent twice ends the sign-in.
        renewing.withLock { if (client.accessToken == used) renew() }
        return client.call(method, path, body, key)
    }

    private suspend fun renew() {
        client.accessToken = null
        val answer = client.call("POST", "/api/auth/refresh", body = buildJsonObject {
            put("refresh_token", tokens.refreshToken)
        })
        tokens.refreshToken = answer.getValue("refresh_token").jsonPrimitive.content
        client.accessToken = answer.getValue("access_token").jsonPrimitive.content
    }
}
