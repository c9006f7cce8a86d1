func whoAmI(_ client: Client) async throws -> [String: Any] {
    try await client.call("GET", "/api/users/me")
}
