func giveTheReservationBack(_ client: Client, reservationId: String) async throws -> [String: Any] {
    try await client.call("DELETE", "/api/reservations/\(reservationId)")
}
