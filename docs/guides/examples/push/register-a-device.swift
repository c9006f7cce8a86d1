func registerADevice(_ client: Client, fcmToken: String, platform: String) async throws -> [String: Any] {
    try await client.call("POST", "/api/users/me/devices", body: [
        "fcm_token": fcmToken,
        "platform": platform,
    ])
}
