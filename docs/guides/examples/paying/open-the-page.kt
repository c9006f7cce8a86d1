// Khalti and Stripe, with androidx.browser:browser. Their pages open wallets and 3-D Secure, so take no WebView.
import android.content.Context
import android.net.Uri
import androidx.browser.customtabs.CustomTabsIntent

fun openThePage(context: Context, paymentUrl: String) {
    CustomTabsIntent.Builder().build().launchUrl(context, Uri.parse(paymentUrl))
}
