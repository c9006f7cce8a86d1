// With com.squareup.okhttp3:okhttp-sse.
import java.util.concurrent.TimeUnit
import okhttp3.OkHttpClient
import okhttp3.Request
import okhttp3.sse.EventSource
import okhttp3.sse.EventSourceListener
import okhttp3.sse.EventSources

// Calls `read` whenever what the screen shows may have changed. Cancel what it answers when the screen is left.
fun follow(url: String, read: (event: String, data: String) -> Unit): EventSource {
    // A comment comes each 15 seconds; a stream without one for 45 is dead.
    val http = OkHttpClient.Builder().readTimeout(45, TimeUnit.SECONDS).build()
    val listener = object : EventSourceListener() {
        override fun onEvent(eventSource: EventSource, id: String?, type: String?, data: String) {
            if (type == "bye") eventSource.cancel() else read(type.orEmpty(), data)
        }
    }
    return EventSources.createFactory(http).newEventSource(Request.Builder().url(url).build(), listener)
}
