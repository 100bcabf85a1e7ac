// C# on Mono: HttpClient. StringContent labels a body with its charset. There is no HttpMethod.Patch.
using System;
using System.Net.Http;
using System.Reflection;
using System.Text;

static class Program
{
    static readonly HttpClient client = new HttpClient { Timeout = TimeSpan.FromSeconds(20) };

    static string Send(string[] words)
    {
        var request = new HttpRequestMessage(new HttpMethod(words[0]), words[1]);
        if (words[2] != "-") request.Content = new StringContent(words[2], Encoding.UTF8, "application/json");
        for (var i = 3; i < words.Length; i++)
        {
            var header = words[i].Split(new[] { ": " }, 2, StringSplitOptions.None);
            if (header[0] != "Content-Type") request.Headers.TryAddWithoutValidation(header[0], header[1]);
        }
        try
        {
            var response = client.SendAsync(request).GetAwaiter().GetResult();
            var etag = response.Headers.ETag == null ? "null" : Quote(response.Headers.ETag.ToString());
            var answer = response.Content.ReadAsStringAsync().GetAwaiter().GetResult();
            if (answer == "") answer = "null";
            return $"{{\"status\":{(int)response.StatusCode},\"etag\":{etag},\"body\":{answer}}}";
        }
        catch (Exception failure)
        {
            return $"{{\"error\":{Quote(failure.Message)}}}";
        }
    }

    static string Quote(string text) => '"' + text.Replace("\\", "\\\\").Replace("\"", "\\\"") + '"';

    static void Main()
    {
        var hidden = BindingFlags.NonPublic | BindingFlags.Static;
        var displayName = Type.GetType("Mono.Runtime").GetMethod("GetDisplayName", hidden);
        var version = displayName.Invoke(null, null).ToString().Split(' ')[0];
        Console.WriteLine($"{{\"version\":{Quote("Mono " + version)}}}");
        for (string line; (line = Console.ReadLine()) != null;) Console.WriteLine(Send(line.Split('\t')));
    }
}
