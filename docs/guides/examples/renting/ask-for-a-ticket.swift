func askForATicket(_ client: Client, rentalId: String) async throws -> [String: Any] {
    try await client.call("POST", "/api/live/tickets", body: ["topics": ["me", "rental:\(rentalId)"]])
}
