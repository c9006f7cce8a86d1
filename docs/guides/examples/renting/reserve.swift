func reserve(_ client: Client, sn: String, packageId: String, key: String) async throws -> [String: Any] {
    try await client.call("POST", "/api/reservations", body: [
        "station_sn": sn,
        "package_id": packageId,
        "minutes": 10,
    ], key: key)
}
