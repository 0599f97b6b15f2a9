import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import okhttp3.HttpUrl;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import okhttp3.sse.EventSource;
import okhttp3.sse.EventSourceListener;
import okhttp3.sse.EventSources;
import org.json.JSONObject;

/**
 * Messages of tickets over Server-Sent Events, with com.squareup.okhttp3:okhttp-sse and org.json:json:
 *
 * <pre>POLLCAST_TOKEN_FILE=token POLLCAST_POSITION_FILE=position
 * java -cp 'lib/*' OkHttpSse.java https://pollcast.example CASE-1 CASE-2</pre>
 *
 * It prints each event as its name and its JSON. It goes on where it was after any end of the stream, and when it is started anew.
 */
public final class OkHttpSse extends EventSourceListener {
  private static final Path TOKEN = Path.of(System.getenv("POLLCAST_TOKEN_FILE"));
  private static final Path POSITION = Path.of(System.getenv("POLLCAST_POSITION_FILE"));

  /** How long to wait before the next connection, ms. */
  private final CompletableFuture<Long> ended = new CompletableFuture<>();

  private long retryMs = 2000;

  public static void main(String[] args) throws Exception {
    HttpUrl.Builder url = HttpUrl.get(args[0]).newBuilder().addPathSegments("v1/events");
    for (int at = 1; at < args.length; at++) url.addQueryParameter("case_ids", args[at]);
    // A stream that is silent for three heartbeats is lost.
    OkHttpClient client = new OkHttpClient.Builder().readTimeout(45, TimeUnit.SECONDS).build();
    while (true) {
      // Both files are read for each connection, so a renewed token counts at once.
      Request.Builder request =
          new Request.Builder()
              .url(url.build())
              .header("Authorization", "Bearer " + Files.readString(TOKEN).strip());
      if (Files.exists(POSITION)) request.header("Last-Event-ID", Files.readString(POSITION));
      OkHttpSse listener = new OkHttpSse();
      EventSources.createFactory(client).newEventSource(request.build(), listener);
      Thread.sleep(listener.ended.join());
    }
  }

  @Override
  public void onEvent(EventSource source, String id, String name, String data) {
    switch (name) {
      case "gap" -> System.err.println("Messages are missing: load these tickets from elsewhere.");
      case "revoked" -> System.err.println("The token does not cover these tickets any more.");
      // The library does not tell the delay of the stream.
      case "closing" -> retryMs = new JSONObject(data).getLong("retry_ms");
      default -> {}
    }
    System.out.println(name + " " + data);
    try {
      if (id != null) keep(id); // The position moves when the event was handled.
    } catch (IOException error) {
      source.cancel();
      ended.completeExceptionally(error);
    }
  }

  /** The position is replaced as a whole, whenever this program is killed. */
  private static void keep(String position) throws IOException {
    Path next = Path.of(POSITION + ".new");
    Files.writeString(next, position);
    Files.move(next, POSITION, StandardCopyOption.ATOMIC_MOVE);
  }

  @Override
  public void onClosed(EventSource source) {
    ended.complete(retryMs);
  }

  /** A refusal, or a cut. 400 and 403 are for good (PROTOCOL.md, section 5). */
  @Override
  public void onFailure(EventSource source, Throwable error, Response response) {
    int status = response == null ? 0 : response.code();
    if (status == 400 || status == 403) {
      ended.completeExceptionally(new IOException("refused: " + status));
      return;
    }
    String retryAfter = response == null ? null : response.header("Retry-After");
    ended.complete(retryAfter == null ? retryMs : Long.parseLong(retryAfter) * 1000);
  }
}
