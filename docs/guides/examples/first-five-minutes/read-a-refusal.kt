suspend fun readARefusal(client: Client): String =
    try {
        client.call("GET", "/api/wallet").toString()
    } catch (refusal: Refusal) {
        if (refusal.code == "unauthenticated") "sign in first (${refusal.code})" else refusal.message.orEmpty()
    }
