func waitForThePage(_ client: Client, intentId: String) async throws -> [String: Any] {
    while true {
        let intent = try await client.call("GET", "/api/payment/intents/\(intentId)")
        if intent["status"] as? String != "pending" { return intent }  // ready: `payment_url`, for eSewa a `form`
        try await Task.sleep(for: .seconds(1))
    }
}
