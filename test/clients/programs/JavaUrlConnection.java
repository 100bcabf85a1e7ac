// Java's HttpURLConnection, of every Java. It refuses to send PATCH, so that it can read and delete, but not change.
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.HttpURLConnection;
import java.net.URL;

public class JavaUrlConnection {
    static String send(String[] words) {
        try {
            HttpURLConnection connection = (HttpURLConnection) new URL(words[1]).openConnection();
            connection.setReadTimeout(20_000);
            connection.setRequestMethod(words[0]);
            for (int i = 3; i < words.length; i++) {
                String[] header = words[i].split(": ", 2);
                connection.setRequestProperty(header[0], header[1]);
            }
            int status = connection.getResponseCode();
            InputStream stream = status < 400 ? connection.getInputStream() : connection.getErrorStream();
            String answer = stream == null ? "" : new String(stream.readAllBytes(), "UTF-8");
            String etag = connection.getHeaderField("ETag");
            return "{\"status\":" + status + ",\"etag\":" + (etag == null ? "null" : quote(etag))
                + ",\"body\":" + (answer.isEmpty() ? "null" : answer) + "}";
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
