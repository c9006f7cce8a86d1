func start(
    _ client: Client, sn: String, packageId: String, paymentMethod: String, key: String
) async throws -> [String: Any] {
    try await client.call("POST", "/api/rentals/initiate", body: [
        "station_sn": sn,
        "package_id": packageId,
        "payment_method": paymentMethod,
    ], key: key)
}
