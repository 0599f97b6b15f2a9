package pollcast;

import com.launchdarkly.eventsource.ConnectStrategy;
import com.launchdarkly.eventsource.ErrorStrategy;
import com.launchdarkly.eventsource.EventSource;
import com.launchdarkly.eventsource.FaultEvent;
import com.launchdarkly.eventsource.MessageEvent;
import com.launchdarkly.eventsource.StreamEvent;
import com.launchdarkly.eventsource.StreamHttpErrorException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import okhttp3.sse.EventSourceListener;
import okhttp3.sse.EventSources;
import org.json.JSONObject;

/** Clients for event streams. Only okhttp-eventsource comes back by itself. */
final class EventStreams {
  static final Map<String, Main.Client> ALL = new LinkedHashMap<>();

  /** Delay of a client that was told none, ms. */
  private static final long RETRY_MS = 1000;

  static {
    ALL.put("okhttp-sse", EventStreams::withOkHttpSse);
    ALL.put("okhttp-eventsource", EventStreams::withOkHttpEventSource);
    ALL.put("java.net.http", EventStreams::withJavaNetHttp);
  }

  /** What the program keeps where the library keeps nothing. */
  private static final class Resumption {
    private final Trial trial;
    String position;
    long retryMs = RETRY_MS;

    Resumption(Trial trial) {
      this.trial = trial;
    }

    void heard(String id, String event, String data) {
      // No check for empty data: clients that parse each event have to be served.
      JSONObject parsed = new JSONObject(data);
      if (id != null) position = id;
      retryMs = event.equals("closing") ? parsed.getLong("retry_ms") : RETRY_MS;
      trial.hear().accept(event, parsed);
    }
  }

  private static void withOkHttpSse(Trial trial) throws InterruptedException {
    OkHttpClient client = new OkHttpClient.Builder().readTimeout(60, TimeUnit.SECONDS).build();
    Resumption resumption = new Resumption(trial);
    while (true) {
      Request.Builder request =
          new Request.Builder()
              .url(trial.address())
              .header("Authorization", "Bearer " + trial.token());
      if (resumption.position != null) request.header("Last-Event-ID", resumption.position);
      CompletableFuture<Integer> ended = new CompletableFuture<>();
      EventSources.createFactory(client)
          .newEventSource(
              request.build(),
              new EventSourceListener() {
                @Override
                public void onEvent(
                    okhttp3.sse.EventSource source, String id, String type, String data) {
                  resumption.heard(id, type == null ? "message" : type, data);
                }

                @Override
                public void onClosed(okhttp3.sse.EventSource source) {
                  ended.complete(200);
                }

                @Override
                public void onFailure(
                    okhttp3.sse.EventSource source, Throwable error, Response response) {
                  ended.complete(response == null ? 0 : response.code());
                }
              });
      int status = ended.join();
      if (status >= 400) {
        trial.refused().accept(String.valueOf(status));
        return;
      }
      Thread.sleep(resumption.retryMs);
    }
  }

  private static void withOkHttpEventSource(Trial trial) {
    ConnectStrategy connection =
        ConnectStrategy.http(URI.create(trial.address()))
            .header("Authorization", "Bearer " + trial.token());
    EventSource source =
        new EventSource.Builder(connection)
            .errorStrategy(ErrorStrategy.alwaysContinue())
            // By default its delays double with every loss within a minute.
            .retryDelayResetThreshold(1, TimeUnit.SECONDS)
            .build();
    for (StreamEvent event : source.anyEvents()) {
      if (event instanceof MessageEvent message) {
        trial.hear().accept(message.getEventName(), new JSONObject(message.getData()));
      } else if (event instanceof FaultEvent fault
          && fault.getCause() instanceof StreamHttpErrorException refusal) {
        trial.refused().accept(String.valueOf(refusal.getCode()));
        source.close();
        return;
      }
    }
  }

  /** As it is by default: its requests offer HTTP/2 with {@code Upgrade: h2c}. */
  private static void withJavaNetHttp(Trial trial) throws InterruptedException {
    HttpClient client = HttpClient.newHttpClient();
    Resumption resumption = new Resumption(trial);
    while (true) {
      HttpRequest.Builder request =
          HttpRequest.newBuilder(URI.create(trial.address()))
              .header("Accept", "text/event-stream")
              .header("Authorization", "Bearer " + trial.token());
      if (resumption.position != null) request.header("Last-Event-ID", resumption.position);
      try {
        HttpResponse<Stream<String>> response = client.send(request.build(), BodyHandlers.ofLines());
        if (response.statusCode() != 200) {
          trial.refused().accept(String.valueOf(response.statusCode()));
          return;
        }
        read(response.body().iterator(), resumption);
      } catch (IOException | UncheckedIOException lost) {
        // It comes back below.
      }
      Thread.sleep(resumption.retryMs);
    }
  }

  private static void read(Iterator<String> lines, Resumption resumption) {
    Map<String, String> fields = new LinkedHashMap<>();
    while (lines.hasNext()) {
      String line = lines.next();
      if (line.isEmpty()) {
        resumption.heard(
            fields.get("id"), fields.getOrDefault("event", "message"), fields.get("data"));
        fields.clear();
      } else if (!line.startsWith(":")) {
        String[] parts = line.split(": ?", 2);
        fields.put(parts[0], parts[1]);
      }
    }
  }

  private EventStreams() {}
}
