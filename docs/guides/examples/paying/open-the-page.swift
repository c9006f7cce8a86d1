// Khalti and Stripe. The session ends by itself when the browser comes back to the app's own scheme.
import AuthenticationServices

func openThePage(paymentUrl: URL, scheme: String, anchor: ASWebAuthenticationPresentationContextProviding) {
    let session = ASWebAuthenticationSession(url: paymentUrl, callbackURLScheme: scheme) { _, _ in }
    session.presentationContextProvider = anchor
    session.start()
}
