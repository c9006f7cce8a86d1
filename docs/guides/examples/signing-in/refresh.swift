func refresh(_ client: Client, refreshToken: String) async throws -> [String: Any] {
    try await client.call("POST", "/api/auth/refresh", body: ["refresh_token": refreshToken])
}
