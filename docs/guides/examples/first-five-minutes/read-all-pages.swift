func readAllPages(_ client: Client) async throws -> [[String: Any]] {
    var stations: [[String: Any]] = []
    var next: String? = ""
    while let cursor = next {
        let query = cursor.isEmpty ? "" : "&cursor=\(cursor.addingPercentEncoding(withAllowedCharacters: .alphanumerics)!)"
        let page = try await client.call("GET", "/api/stations?limit=5\(query)")
        stations += page["items"] as? [[String: Any]] ?? []
        next = page["next_cursor"] as? String
    }
    return stations
}
