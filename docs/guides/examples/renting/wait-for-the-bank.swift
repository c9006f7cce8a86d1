func waitForTheBank(
    _ client: Client, rentalId: String, show: ([String: Any]) -> Void = { _ in }
) async throws -> [String: Any] {
    var since = 0
    while true {
        let rental = try await client.call("GET", "/api/rentals/\(rentalId)?wait=25&since=\(since)")
        show(rental)
        let status = rental["status"] as? String ?? ""
        if status != "pending" && status != "ejecting" { return rental }  // active, or failed and nothing is charged
        since = rental["version"] as? Int ?? since
    }
}
