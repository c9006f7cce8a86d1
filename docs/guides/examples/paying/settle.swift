func settle(_ client: Client, intentId: String) async throws -> [String: Any] {
    try await client.call("POST", "/api/payment/intents/\(intentId)/verify")
}
