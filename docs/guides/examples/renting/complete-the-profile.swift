func completeTheProfile(_ client: Client) async throws -> [String: Any] {
    try await client.call("PATCH", "/api/users/me", body: [
        "first_name": "Maya",
        "last_name": "Gurung",
        "date_of_birth": "1998-04-13",
        "address": "Thamel 26",
        "city": "Kathmandu",
    ])
}
