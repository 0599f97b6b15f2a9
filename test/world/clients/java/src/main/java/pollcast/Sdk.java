package pollcast;

import com.huaweicloud.sdk.core.auth.GlobalCredentials;
import com.huaweicloud.sdk.core.exception.ClientRequestException;
import com.huaweicloud.sdk.osm.v2.OsmClient;
import com.huaweicloud.sdk.osm.v2.model.ListNewInstantMessagesRequest;
import com.huaweicloud.sdk.osm.v2.model.QueryMessageInfoV2;
import java.util.Arrays;
import java.util.List;
import org.json.JSONArray;
import org.json.JSONObject;

/**
 * {@code Sdk URL ACCESS_KEY SECRET_KEY BAD_SECRET_KEY DOMAIN_ID CASE_ID…} reads messages with the official SDK. It prints one
 * line of JSON, as test/world/sdk-trial.ts reads it.
 */
public final class Sdk {
  public static void main(String[] args) {
    List<String> caseIds = Arrays.asList(args).subList(5, args.length);
    ListNewInstantMessagesRequest request = new ListNewInstantMessagesRequest().withCaseIds(caseIds);
    JSONObject read = new JSONObject();
    client(args[0], args[1], args[2], args[4])
        .listNewInstantMessages(request)
        .getImmsg()
        .forEach(
            ticket ->
                read.put(
                    ticket.getIncidentId(),
                    new JSONArray(
                        ticket.getMessageList().stream()
                            .map(QueryMessageInfoV2::getContent)
                            .toList())));
    JSONObject refusal = new JSONObject();
    try {
      client(args[0], args[1], args[3], args[4]).listNewInstantMessages(request);
    } catch (ClientRequestException error) {
      refusal.put("status", error.getHttpStatusCode()).put("code", error.getErrorCode());
    }
    System.out.println(new JSONObject().put("read", read).put("refusal", refusal));
  }

  private static OsmClient client(String url, String accessKey, String secretKey, String domainId) {
    GlobalCredentials credentials =
        new GlobalCredentials().withAk(accessKey).withSk(secretKey).withDomainId(domainId);
    return OsmClient.newBuilder().withCredential(credentials).withEndpoints(List.of(url)).build();
  }

  private Sdk() {}
}
