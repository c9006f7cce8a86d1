func listGateways(_ client: Client) async throws -> [String: Any] {
    try await client.call("GET", "/api/payment/methods")
}
