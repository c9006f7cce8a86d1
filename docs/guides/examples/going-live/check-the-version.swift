func checkTheVersion(_ client: Client, platform: String, version: String) async throws -> [String: Any] {
    try await client.call("GET", "/api/app/version?platform=\(platform)&version=\(version)")
}
