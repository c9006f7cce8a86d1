func chooseAPackage(_ client: Client, sn: String) async throws -> [String: Any] {
    try await client.call("GET", "/api/packages?station_sn=\(sn)")
}
