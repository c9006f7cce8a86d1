suspend fun giveTheReservationBack(client: Client, reservationId: String) =
    client.call("DELETE", "/api/reservations/$reservationId")
