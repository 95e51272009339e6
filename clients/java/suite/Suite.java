import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import progression.client.ClientOptions;
import progression.client.ProgressionClient;
import progression.client.RequestIds;

/**
 * The suite of the Java client: Suite PARTS CASES, the parts as JSON and the path of cases.json. It prints one line for
 * each case: `ok NAME` or `FAILED NAME: WHY`.
 */
final class Suite {
  static JsonObject parts;
  static ProgressionClient client;

  interface Check {
    void run() throws Exception;
  }

  private Suite() {}

  public static void main(String[] arguments) throws Exception {
    parts = JsonParser.parseString(arguments[0]).getAsJsonObject();
    client = connect("url", ClientOptions.DEFAULT);
    for (JsonElement each : JsonParser.parseString(Files.readString(Path.of(arguments[1]))).getAsJsonArray()) {
      JsonObject described = each.getAsJsonObject();
      report(described.get("name").getAsString(), () -> Cases.run(described));
    }
    for (Map.Entry<String, Check> each : Scenarios.ALL.entrySet()) {
      report(each.getKey(), each.getValue());
    }
    for (Map.Entry<String, Check> each : Streams.ALL.entrySet()) {
      report(each.getKey(), each.getValue());
    }
    client.close();
    System.exit(0);
  }

  static String part(String name) {
    return parts.get(name).getAsString();
  }

  static ProgressionClient connect(String part, ClientOptions options) {
    String target = part(part).replace("http://", "");
    return ProgressionClient.connect(target, options.withAccount(part("accountId")));
  }

  private static void report(String name, Check check) {
    try {
      check.run();
      System.out.println("ok " + name);
    } catch (Exception | AssertionError failure) {
      System.out.println("FAILED " + name + ": " + failure.toString().replace('\n', ' '));
    }
  }

  /** Asks the stage to cut, refuse, restart or release; its answer. */
  static String control(String what) throws Exception {
    HttpRequest request = HttpRequest.newBuilder(URI.create(part("controlUrl") + "/" + what)).build();
    return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body();
  }

  /** Replaces `$newId`, `$long:N` and the names of parts. */
  static JsonElement fill(JsonElement value) {
    if (value.isJsonObject()) {
      JsonObject filled = new JsonObject();
      value.getAsJsonObject().entrySet().forEach(each -> filled.add(each.getKey(), fill(each.getValue())));
      return filled;
    }
    if (value.isJsonArray()) {
      JsonArray filled = new JsonArray();
      value.getAsJsonArray().forEach(each -> filled.add(fill(each)));
      return filled;
    }
    boolean isText = value.isJsonPrimitive() && value.getAsJsonPrimitive().isString();
    return isText ? new JsonPrimitive(fillText(value.getAsString())) : value;
  }

  static String fillText(String text) {
    if (!text.startsWith("$")) {
      return text;
    }
    if (text.startsWith("$long:")) {
      return "x".repeat(Integer.parseInt(text.substring("$long:".length())));
    }
    return text.equals("$newId") ? RequestIds.create() : part(text.substring(1));
  }

  /** Compares JSON: an object may have more fields than are expected, a list more elements. */
  static void contains(JsonElement actual, JsonElement expected, String path) {
    if (expected.isJsonObject()) {
      check(actual != null && actual.isJsonObject(), path + " is " + actual);
      expected.getAsJsonObject().entrySet().forEach(each ->
          contains(actual.getAsJsonObject().get(each.getKey()), each.getValue(), path + "." + each.getKey()));
    } else if (expected.isJsonArray()) {
      JsonArray list = expected.getAsJsonArray();
      check(actual != null && actual.isJsonArray() && actual.getAsJsonArray().size() >= list.size(),
          path + " is " + actual);
      for (int index = 0; index < list.size(); index++) {
        contains(actual.getAsJsonArray().get(index), list.get(index), path + "[" + index + "]");
      }
    } else {
      check(expected.equals(actual), path + " is " + actual + ", not " + expected);
    }
  }

  static void check(boolean isSo, String message) {
    if (!isSo) {
      throw new AssertionError(message);
    }
  }

  static void equal(Object actual, Object expected) {
    check(expected.equals(actual), actual + " is not " + expected);
  }
}
