import com.launchdarkly.eventsource.ConnectStrategy;
import com.launchdarkly.eventsource.ErrorStrategy;
import com.launchdarkly.eventsource.EventSource;
import com.launchdarkly.eventsource.FaultEvent;
import com.launchdarkly.eventsource.MessageEvent;
import com.launchdarkly.eventsource.StreamEvent;
import com.launchdarkly.eventsource.StreamHttpErrorException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.TimeUnit;
import okhttp3.HttpUrl;

/**
 * Messages of tickets over Server-Sent Events, with com.launchdarkly:okhttp-eventsource, which comes back by itself:
 *
 * <pre>POLLCAST_TOKEN_FILE=token POLLCAST_POSITION_FILE=position
 * java -cp 'lib/*' LaunchDarklySse.java https://pollcast.example CASE-1 CASE-2</pre>
 *
 * It prints each event as its name and its JSON. It goes on where it was after any end of the stream, and when it is started anew.
 */
public final class LaunchDarklySse {
  private static final Path TOKEN = Path.of(System.getenv("POLLCAST_TOKEN_FILE"));
  private static final Path POSITION = Path.of(System.getenv("POLLCAST_POSITION_FILE"));

  public static void main(String[] args) throws IOException {
    HttpUrl.Builder url = HttpUrl.get(args[0]).newBuilder().addPathSegments("v1/events");
    for (int at = 1; at < args.length; at++) url.addQueryParameter("case_ids", args[at]);
    ConnectStrategy connection =
        ConnectStrategy.http(url.build().uri())
            // A stream that is silent for three heartbeats is lost.
            .readTimeout(45, TimeUnit.SECONDS)
            // Called for each connection, so a renewed token counts at once.
            .requestTransformer(
                request -> request.newBuilder().header("Authorization", "Bearer " + read(TOKEN).strip()).build());
    EventSource source =
        new EventSource.Builder(connection)
            .errorStrategy(ErrorStrategy.alwaysContinue())
            .lastEventId(Files.exists(POSITION) ? read(POSITION) : null)
            // By default its delays double with every loss within a minute.
            .retryDelayResetThreshold(1, TimeUnit.SECONDS)
            .build();
    for (StreamEvent event : source.anyEvents()) {
      if (event instanceof MessageEvent message) {
        handle(message.getEventName(), message.getData());
        // The position moves when the event was handled.
        if (message.getLastEventId() != null) keep(message.getLastEventId());
      } else if (event instanceof FaultEvent fault
          && fault.getCause() instanceof StreamHttpErrorException refusal
          && (refusal.getCode() == 400 || refusal.getCode() == 403)) {
        throw refusalOf(refusal.getCode()); // These are for good (PROTOCOL.md, section 5).
      }
    }
  }

  private static void handle(String name, String data) {
    switch (name) {
      case "gap" -> System.err.println("Messages are missing: load these tickets from elsewhere.");
      case "revoked" -> System.err.println("The token does not cover these tickets any more.");
      default -> {}
    }
    System.out.println(name + " " + data);
  }

  /** The position is replaced as a whole, whenever this program is killed. */
  private static void keep(String position) throws IOException {
    Path next = Path.of(POSITION + ".new");
    Files.writeString(next, position);
    Files.move(next, POSITION, StandardCopyOption.ATOMIC_MOVE);
  }

  private static IOException refusalOf(int status) {
    return new IOException("refused: " + status);
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }
}
