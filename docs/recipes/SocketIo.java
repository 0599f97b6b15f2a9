import io.socket.client.Ack;
import io.socket.client.IO;
import io.socket.client.Manager;
import io.socket.client.Socket;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.json.JSONArray;
import org.json.JSONObject;

/**
 * Messages of tickets over Socket.IO, with io.socket:socket.io-client and org.json:json:
 *
 * <pre>POLLCAST_TOKEN_FILE=token POLLCAST_POSITION_FILE=position
 * java -cp 'lib/*' SocketIo.java https://pollcast.example CASE-1 CASE-2</pre>
 *
 * It prints each event as its name and its JSON. It goes on where it was after any cut, and when it is started anew.
 */
public final class SocketIo {
  private static final Path TOKEN = Path.of(System.getenv("POLLCAST_TOKEN_FILE"));
  private static final Path POSITION = Path.of(System.getenv("POLLCAST_POSITION_FILE"));
  private static final List<String> EVENTS =
      List.of("message", "status", "gap", "upstream", "revoked", "backfilled", "closing");

  public static void main(String[] args) {
    JSONArray caseIds = new JSONArray(Arrays.asList(args).subList(1, args.length));
    Map<String, String> auth = new ConcurrentHashMap<>();
    auth.put("token", read(TOKEN).strip());
    IO.Options options = IO.Options.builder().setTransports(new String[] {"websocket"}).setAuth(auth).build();
    Socket socket = IO.socket(URI.create(args[0]), options);
    // The map is read for each connection, so a renewed token counts at once.
    socket.io().on(Manager.EVENT_RECONNECT_ATTEMPT, ignored -> auth.put("token", read(TOKEN).strip()));
    socket.on(Socket.EVENT_CONNECT, ignored -> subscribe(socket, caseIds));
    for (String name : EVENTS) {
      socket.on(
          name,
          events -> {
            JSONObject event = (JSONObject) events[0];
            handle(name, event);
            if (event.has("id")) moveTo(event.getString("id"));
          });
    }
    socket.on(
        Socket.EVENT_CONNECT_ERROR,
        errors -> {
          System.err.println(errors[0]);
          // A refusal of the gateway: the client does not come back by itself. After anything else it does.
          if (errors[0] instanceof JSONObject) again(socket, auth);
        });
    socket.connect();
  }

  private static void subscribe(Socket socket, JSONArray caseIds) {
    JSONObject request = new JSONObject().put("case_ids", caseIds);
    if (Files.exists(POSITION)) request.put("last_event_id", read(POSITION));
    Ack acknowledged =
        answers -> {
          JSONObject answer = (JSONObject) answers[0];
          if (answer.getBoolean("ok")) {
            handle("ready", answer);
            moveTo(answer.getString("last_event_id"));
          } else {
            System.err.println(answer);
          }
        };
    socket.emit("subscribe", new Object[] {request}, acknowledged);
  }

  private static void handle(String name, JSONObject data) {
    switch (name) {
      case "gap" -> System.err.println("Messages are missing: load these tickets from elsewhere.");
      case "revoked" -> System.err.println("The token does not cover these tickets any more.");
      default -> {}
    }
    System.out.println(name + " " + data);
  }

  private static void again(Socket socket, Map<String, String> auth) {
    Thread later =
        new Thread(
            () -> {
              try {
                Thread.sleep(2000);
              } catch (InterruptedException ended) {
                return;
              }
              auth.put("token", read(TOKEN).strip());
              socket.connect();
            });
    later.setDaemon(true);
    later.start();
  }

  /** The position moves when the event was handled. It is replaced as a whole, whenever this program is killed. */
  private static void moveTo(String position) {
    try {
      Path next = Path.of(POSITION + ".new");
      Files.writeString(next, position);
      Files.move(next, POSITION, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }
}
