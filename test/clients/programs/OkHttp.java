// OkHttp for Java and Android. A body made of a String gets a charset in its Content-Type.
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;

public class OkHttp {
    static final OkHttpClient client = new OkHttpClient();
    static final MediaType json = MediaType.parse("application/json");

    static String send(String[] words) {
        Request.Builder request = new Request.Builder().url(words[1]);
        for (int i = 3; i < words.length; i++) {
            String[] header = words[i].split(": ", 2);
            if (!header[0].equals("Content-Type")) request.header(header[0], header[1]);
        }
        boolean empty = words[2].equals("-");
        RequestBody body = empty ? RequestBody.create(null, "") : RequestBody.create(json, words[2]);
        request.method(words[0], words[0].equals("PATCH") ? body : null);
        try (Response response = client.newCall(request.build()).execute()) {
            String etag = response.header("ETag"), answer = response.body().string();
            return "{\"status\":" + response.code() + ",\"etag\":" + (etag == null ? "null" : quote(etag))
                + ",\"body\":" + (answer.isEmpty() ? "null" : answer) + "}";
        } catch (IOException failure) {
            return "{\"error\":" + quote(failure.toString()) + "}";
        }
    }

    static String quote(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    public static void main(String[] arguments) throws Exception {
        String name = okhttp3.internal.Version.userAgent().replace("okhttp/", "OkHttp ");
        System.out.println("{\"version\":" + quote(name + ", Java " + Runtime.version().feature()) + "}");
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = lines.readLine()) != null; ) System.out.println(send(line.split("\t")));
        System.exit(0); // threads of OkHttp would wait for a minute
    }
}
