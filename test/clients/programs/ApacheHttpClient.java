// Apache HttpClient 4 for Java, as most programs use it: with its own constant for JSON, which has a charset.
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import org.apache.http.Header;
import org.apache.http.HttpHeaders;
import org.apache.http.client.methods.CloseableHttpResponse;
import org.apache.http.client.methods.RequestBuilder;
import org.apache.http.entity.ContentType;
import org.apache.http.entity.StringEntity;
import org.apache.http.impl.client.CloseableHttpClient;
import org.apache.http.impl.client.HttpClients;
import org.apache.http.util.EntityUtils;
import org.apache.http.util.VersionInfo;

public class ApacheHttpClient {
    static final CloseableHttpClient client = HttpClients.createDefault();

    static String send(String[] words) {
        RequestBuilder request = RequestBuilder.create(words[0]).setUri(words[1]);
        request.setHeader(HttpHeaders.ACCEPT, ContentType.APPLICATION_JSON.toString());
        for (int i = 3; i < words.length; i++) {
            String[] header = words[i].split(": ", 2);
            if (!header[0].equals(HttpHeaders.CONTENT_TYPE)) request.setHeader(header[0], header[1]);
        }
        if (!words[2].equals("-")) request.setEntity(new StringEntity(words[2], ContentType.APPLICATION_JSON));
        try (CloseableHttpResponse response = client.execute(request.build())) {
            Header etag = response.getFirstHeader(HttpHeaders.ETAG);
            String answer = response.getEntity() == null ? "" : EntityUtils.toString(response.getEntity());
            return "{\"status\":" + response.getStatusLine().getStatusCode()
                + ",\"etag\":" + (etag == null ? "null" : quote(etag.getValue()))
                + ",\"body\":" + (answer.isEmpty() ? "null" : answer) + "}";
        } catch (IOException failure) {
            return "{\"error\":" + quote(failure.toString()) + "}";
        }
    }

    static String quote(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    public static void main(String[] arguments) throws Exception {
        String release = VersionInfo.loadVersionInfo("org.apache.http.client", null).getRelease();
        String version = "HttpClient " + release + ", Java " + Runtime.version().feature();
        System.out.println("{\"version\":" + quote(version) + "}");
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = lines.readLine()) != null; ) System.out.println(send(line.split("\t")));
    }
}
