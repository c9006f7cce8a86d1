func askHowToPay(_ client: Client, packageId: String) async throws -> [String: Any] {
    try await client.call("POST", "/api/payment/calculate-options", body: [
        "scenario": "pre_payment",
        "package_id": packageId,
    ])
}
