func lookAtAStation(_ client: Client, sn: String) async throws -> [String: Any] {
    try await client.call("GET", "/api/stations/\(sn)")
}
