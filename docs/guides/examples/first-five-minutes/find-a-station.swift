func findAStation(_ client: Client, lat: Double, lng: Double) async throws -> [String: Any] {
    try await client.call("GET", "/api/stations/nearby?lat=\(lat)&lng=\(lng)&limit=3")
}
