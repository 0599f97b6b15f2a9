package pollcast;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.json.JSONObject;

/**
 * {@code Main URL TOKEN BAD_TOKEN CASE_ID…} runs every client twice: with the token, for ever, and with the bad one. Each
 * prints JSON lines, as test/world/client-program.ts reads them.
 */
public final class Main {
  private static final long LONGEST_RUN_MS = 300_000;

  /** A client that blocks, or goes on in threads of its own. */
  interface Client {
    void start(Trial trial) throws Exception;
  }

  public static void main(String[] args) throws InterruptedException {
    List<String> caseIds = Arrays.asList(args).subList(3, args.length);
    Map<String, Client> clients = new LinkedHashMap<>(EventStreams.ALL);
    clients.putAll(Sockets.ALL);
    clients.forEach(
        (name, client) -> {
          run(
              client,
              new Trial(
                  args[0],
                  args[1],
                  caseIds,
                  (event, data) -> say(name, event, data),
                  by -> say(name, "error", by)));
          run(
              client,
              new Trial(
                  args[0],
                  args[2],
                  caseIds,
                  (event, data) -> {
                    if (event.equals("ready")) say(name, "served", "with a bad token");
                  },
                  by -> say(name, "refused", by)));
        });
    // The program that started it may have been killed.
    Thread.sleep(LONGEST_RUN_MS);
    System.exit(1);
  }

  private static void run(Client client, Trial trial) {
    Thread thread =
        new Thread(
            () -> {
              try {
                client.start(trial);
              } catch (Exception error) {
                trial.refused().accept(error.toString());
              }
            });
    thread.setDaemon(true);
    thread.start();
  }

  private static synchronized void say(String client, String event, Object data) {
    System.out.println(
        new JSONObject().put("client", client).put("event", event).put("data", data));
  }
}
