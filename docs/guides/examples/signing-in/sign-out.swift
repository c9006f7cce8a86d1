func signOut(_ client: Client, refreshToken: String) async throws -> [String: Any] {
    try await client.call("POST", "/api/auth/logout", body: ["refresh_token": refreshToken])
}
