// eSewa takes the payment as a form, and a Custom Tab can post none: a WebView can.
import android.webkit.WebView
import java.net.URLEncoder
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive

fun postTheForm(view: WebView, form: JsonObject) {
    val fields = form.getValue("fields").jsonObject.map { (name, value) ->
        "$name=" + URLEncoder.encode(value.jsonPrimitive.content, "UTF-8")
    }
    view.settings.javaScriptEnabled = true
    view.postUrl(form.getValue("action").jsonPrimitive.content, fields.joinToString("&").toByteArray())
}
