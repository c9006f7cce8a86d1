func extend(
    _ client: Client, rentalId: String, packageId: String, key: String
) async throws -> [String: Any] {
    try await client.call("POST", "/api/rentals/\(rentalId)/extend", body: [
        "package_id": packageId,
    ], key: key)
}
