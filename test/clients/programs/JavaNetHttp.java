// Java's java.net.http.HttpClient. It asks for HTTP/2 by an Upgrade header, and keeps connections.
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;

public class JavaNetHttp {
    static final HttpClient client = HttpClient.newHttpClient();

    static String send(String[] words) throws InterruptedException {
        String method = words[0], body = words[2].equals("-") ? "" : words[2];
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(words[1])).timeout(Duration.ofSeconds(20));
        request.method(method, method.equals("PATCH") ? BodyPublishers.ofString(body) : BodyPublishers.noBody());
        for (int i = 3; i < words.length; i++) {
            String[] header = words[i].split(": ", 2);
            request.header(header[0], header[1]);
        }
        try {
            HttpResponse<String> response = client.send(request.build(), BodyHandlers.ofString());
            String etag = response.headers().firstValue("ETag").map(JavaNetHttp::quote).orElse("null");
            String answer = response.body().isEmpty() ? "null" : response.body();
            return "{\"status\":" + response.statusCode() + ",\"etag\":" + etag + ",\"body\":" + answer + "}";
        } catch (IOException failure) {
            return "{\"error\":" + quote(failure.toString()) + "}";
        }
    }

    static String quote(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    public static void main(String[] arguments) throws Exception {
        System.out.println("{\"version\":" + quote("Java " + Runtime.version().feature()) + "}");
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = lines.readLine()) != null; ) System.out.println(send(line.split("\t")));
    }
}
