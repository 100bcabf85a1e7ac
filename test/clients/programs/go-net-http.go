// Go's net/http. The default client keeps connections.
package main

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"runtime"
	"strings"
	"time"
)

var client = http.Client{Timeout: 20 * time.Second}

func send(method, url, body string, headers []string) map[string]any {
	var content io.Reader
	if method == "PATCH" {
		content = strings.NewReader(body)
	}
	request, err := http.NewRequest(method, url, content)
	if err != nil {
		return map[string]any{"error": err.Error()}
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		request.Header.Set(name, value)
	}
	response, err := client.Do(request)
	if err != nil {
		return map[string]any{"error": err.Error()}
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return map[string]any{"error": err.Error()}
	}
	seen := map[string]any{"status": response.StatusCode, "etag": response.Header.Get("ETag")}
	if len(answer) > 0 {
		seen["body"] = json.RawMessage(answer)
	}
	return seen
}

func main() {
	output := json.NewEncoder(os.Stdout)
	output.Encode(map[string]string{"version": "Go " + strings.TrimPrefix(runtime.Version(), "go")})
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		words := strings.Split(lines.Text(), "\t")
		body := strings.TrimPrefix(words[2], "-")
		output.Encode(send(words[0], words[1], body, words[3:]))
	}
}
