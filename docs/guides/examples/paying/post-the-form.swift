// eSewa takes the payment as a form.
import WebKit

func postTheForm(_ view: WKWebView, action: URL, fields: [String: String]) {
    var form = URLComponents()
    form.queryItems = fields.map { URLQueryItem(name: $0.key, value: $0.value) }
    var request = URLRequest(url: action)
    request.httpMethod = "POST"
    request.setValue("application/x-www-form-urlencoded", forHTTPHeaderField: "Content-Type")
    request.httpBody = form.percentEncodedQuery?.replacingOccurrences(of: "+", with: "%2B").data(using: .utf8)
    view.load(request)
}
