func register(_ client: Client, verificationToken: String, username: String) async throws -> [String: Any] {
    try await client.call("POST", "/api/auth/register", body: [
        "verification_token": verificationToken,
        "username": username,
    ])
}
