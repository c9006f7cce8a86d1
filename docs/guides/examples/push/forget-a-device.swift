func forgetADevice(_ client: Client, deviceId: String) async throws -> [String: Any] {
    try await client.call("DELETE", "/api/users/me/devices/\(deviceId)")
}
