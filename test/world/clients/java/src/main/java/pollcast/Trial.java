package pollcast;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.json.JSONObject;

/**
 * @param hear takes the name of an event, and its data
 * @param refused takes what the library said
 */
record Trial(
    String url,
    String token,
    List<String> caseIds,
    BiConsumer<String, JSONObject> hear,
    Consumer<String> refused) {

  String address() {
    return caseIds.stream()
        .map(id -> "case_ids=" + URLEncoder.encode(id, StandardCharsets.UTF_8))
        .collect(Collectors.joining("&", url + "/v1/events?", ""));
  }
}
