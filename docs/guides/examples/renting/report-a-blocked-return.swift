func reportABlockedReturn(_ client: Client, rentalId: String, sn: String) async throws -> [String: Any] {
    try await client.call("POST", "/api/rentals/\(rentalId)/return-blocked", body: ["station_sn": sn])
}
