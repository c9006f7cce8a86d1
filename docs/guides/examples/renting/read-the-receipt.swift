func readTheReceipt(_ client: Client, rentalId: String) async throws -> [String: Any] {
    try await client.call("GET", "/api/rentals/\(rentalId)")
}
