actor SignedIn {
    private let client: Client
    private var refreshToken: String  // kept in the Keychain
    private var renewing: Task<Void, Error>?

    init(client: Client, refreshToken: String) {
        self.client = client
        self.refreshToken = refreshToken
    }

    func call(_ method: String, _ path: String, body: [String: Any]? = nil) async throws -> [String: Any] {
        do {
            return try await client.call(method, path, body: body)
        } catch let refusal as Refusal where refusal.code == "unauthenticated" {
            // One refresh for all requests that were refused meanwhile: a token that is spent twice ends the sign-in.
            let task = renewing ?? Task { try await renew() }
            renewing = task
            defer { renewing = nil }
            try await task.value
            return try await client.call(method, path, body: body)
        }
    }

    private func renew() async throws {
        client.accessToken = nil
        let answer = try await client.call("POST", "/api/auth/refresh", body: ["refresh_token": refreshToken])
        refreshToken = answer["refresh_token"] as! String
        client.accessToken = answer["access_token"] as? String
    }
}
