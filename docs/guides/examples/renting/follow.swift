// Calls `read` whenever what the screen shows may have changed. Cancel its task when the screen is left.
func follow(url: URL, read: @escaping (_ event: String, _ data: String) async -> Void) async throws {
    var request = URLRequest(url: url)
    request.timeoutInterval = 45  // a comment comes each 15 seconds; a stream without one for 45 is dead
    let (bytes, _) = try await URLSession.shared.bytes(for: request)
    var event = ""
    for try await line in bytes.lines {
        if line.hasPrefix("event: ") { event = String(line.dropFirst(7)) }
        if event == "bye" { return }
        if line.hasPrefix("data: ") { await read(event, String(line.dropFirst(6))) }
    }
}
