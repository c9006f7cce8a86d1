func verifyTheCode(_ client: Client, challengeId: String, code: String) async throws -> [String: Any] {
    try await client.call("POST", "/api/auth/verify-otp", body: ["challenge_id": challengeId, "code": code])
}
