func topUp(_ client: Client, amount: String, gateway: String, key: String) async throws -> [String: Any] {
    try await client.call("POST", "/api/wallet/topup-intent", body: [
        "amount": amount,
        "gateway": gateway,
    ], key: key)
}
