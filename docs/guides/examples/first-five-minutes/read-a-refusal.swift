func readARefusal(_ client: Client) async throws -> String {
    do {
        return "\(try await client.call("GET", "/api/wallet"))"
    } catch let refusal as Refusal {
        if refusal.code == "unauthenticated" { return "sign in first (\(refusal.code))" }
        return refusal.problem["detail"] as? String ?? refusal.code
    }
}
