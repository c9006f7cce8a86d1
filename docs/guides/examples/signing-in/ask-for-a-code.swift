func askForACode(_ client: Client, phone: String) async throws -> [String: Any] {
    try await client.call("POST", "/api/auth/get-otp", body: ["identifier": phone])
}
