suspend fun settle(client: Client, intentId: String) =
    client.call("POST", "/api/payment/intents/$intentId/verify")
