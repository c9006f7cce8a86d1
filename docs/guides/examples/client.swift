import Foundation

struct Refusal: Error {
    let status: Int
    let problem: [String: Any]
    let retryAfter: Double?

    var code: String { problem["code"] as? String ?? "error" }
}

/// A small client: one function, and an error that carries the code of the refusal.
final class Client {
    let base: URL
    var accessToken: String?

    init(base: URL) { self.base = base }

    func call(
        _ method: String, _ path: String, body: [String: Any]? = nil, key: String? = nil
    ) async throws -> [String: Any] {
        var request = URLRequest(url: URL(string: path, relativeTo: base)!)
        request.httpMethod = method
        request.timeoutInterval = 35  // longer than a long poll may wait
        request.setValue("en", forHTTPHeaderField: "Accept-Language")
        if let body {
            request.httpBody = try JSONSerialization.data(withJSONObject: body)
            request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        }
        if let accessToken { request.setValue("Bearer \(accessToken)", forHTTPHeaderField: "Authorization") }
        if let key { request.setValue(key, forHTTPHeaderField: "Idempotency-Key") }
        let (data, response) = try await URLSession.shared.data(for: request)
        let http = response as! HTTPURLResponse
        let answer = data.isEmpty ? [:] : try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
        guard (200..<300).contains(http.statusCode) else {
            let after = http.value(forHTTPHeaderField: "Retry-After").flatMap(Double.init)
            throw Refusal(status: http.statusCode, problem: answer, retryAfter: after)
        }
        return answer
    }
}
