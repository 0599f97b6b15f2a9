package pollcast;

import io.socket.client.Ack;
import io.socket.client.IO;
import io.socket.client.Socket;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.json.JSONArray;
import org.json.JSONObject;

/** socket.io-client-java, as PROTOCOL.md shows it for JavaScript. */
final class Sockets {
  static final Map<String, Main.Client> ALL = new LinkedHashMap<>();
  private static final List<String> EVENTS =
      List.of("message", "status", "gap", "upstream", "revoked", "closing");

  static {
    add("websocket", "websocket");
    add("polling", "polling");
    add("upgrade", "polling", "websocket");
  }

  private static void add(String name, String... transports) {
    ALL.put("socket.io-client-java, " + name, trial -> connect(trial, transports));
  }

  private static void connect(Trial trial, String[] transports) {
    IO.Options options =
        IO.Options.builder()
            .setTransports(transports)
            .setForceNew(true)
            .setAuth(Map.of("token", trial.token()))
            .build();
    Socket socket = IO.socket(URI.create(trial.url()), options);
    AtomicReference<String> position = new AtomicReference<>();
    socket.on(
        Socket.EVENT_CONNECT,
        ignored -> {
          JSONObject request = new JSONObject().put("case_ids", new JSONArray(trial.caseIds()));
          if (position.get() != null) request.put("last_event_id", position.get());
          Ack answered =
              answers -> {
                JSONObject answer = (JSONObject) answers[0];
                if (!answer.getBoolean("ok")) {
                  trial.refused().accept(answer.getJSONObject("error").getString("code"));
                  return;
                }
                position.set(answer.getString("last_event_id"));
                trial.hear().accept("ready", answer);
              };
          socket.emit("subscribe", new Object[] {request}, answered);
        });
    for (String name : EVENTS) {
      socket.on(
          name,
          events -> {
            JSONObject event = (JSONObject) events[0];
            if (event.has("id")) position.set(event.getString("id"));
            trial.hear().accept(name, event);
          });
    }
    socket.on(
        Socket.EVENT_CONNECT_ERROR,
        errors -> {
          // Anything else is a lost connection: the client comes back by itself.
          if (errors[0] instanceof JSONObject refusal) {
            trial.refused().accept(refusal.getJSONObject("data").getString("code"));
          }
        });
    socket.connect();
  }

  private Sockets() {}
}
