func readTheWallet(_ client: Client) async throws -> [String: Any] {
    try await client.call("GET", "/api/wallet")
}
