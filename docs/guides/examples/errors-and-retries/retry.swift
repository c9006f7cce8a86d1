// Sends until an answer came, always with the same key, so that it happens once however often it is sent.
func retry(
    _ client: Client, _ method: String, _ path: String, body: [String: Any]?, key: String
) async throws -> [String: Any] {
    for attempt in 1... {
        var seconds = pow(2, Double(attempt - 1)) * Double.random(in: 0.5..<1.5)
        do {
            return try await client.call(method, path, body: body, key: key)
        } catch let refusal as Refusal {
            if ![429, 500, 503].contains(refusal.status) || attempt == 5 { throw refusal }
            seconds = refusal.retryAfter ?? seconds
        } catch let away as URLError {
            if attempt == 5 { throw away }
        }
        try await Task.sleep(for: .seconds(seconds))
    }
    fatalError("the loop ends by an answer or an error")
}
