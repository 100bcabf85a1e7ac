#!/usr/bin/env bash
# Finding: Go's HTTP client fails a PATCH whose connection ends without an answer, and sends it again as soon as
#   it has a header `Idempotency-Key`.
# Versions: Debian's golang-go (1.19 when this was written).
# One would expect: a request header is for the server; it does not change how the client treats a lost
#   connection.
# What happens: net/http takes a request with `Idempotency-Key` or `X-Idempotency-Key` for one that may be
#   repeated. The server sees it twice, the program once.
# Why it matters: a developer adds the header as a promise to the server. If the server does not know it, each
#   lost answer now means two changes where before it meant an error. An API that does not honour the key should
#   say so.
# Exit codes: 0 as described, 1 the behaviour changed, 2 it cannot run here.
set -uo pipefail
work=$(mktemp -d) || exit 2
for package in go:golang-go node:nodejs; do
  command -v "${package%:*}" >/dev/null || { echo "This needs the Debian package ${package#*:}."; exit 2; }
done
go version

cat >"$work/server.mjs" <<'JS'
// Answers the first request of each connection, and ends the connection at its second one without an answer.
import { appendFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'

const server = createServer((socket) => {
  let [text, requests] = ['', 0]
  socket.on('error', () => undefined).on('data', (bytes) => {
    text += bytes
    const end = text.indexOf('\r\n\r\n')
    const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0)
    if (end < 0 || text.length < end + 4 + length) return
    requests += 1
    const [method, path] = text.split(' ')
    if (path === '/target') appendFileSync('requests', `  ${method} on a ${requests > 1 ? 'kept' : 'new'} connection\n`)
    text = ''
    if (requests > 1) socket.destroy()
    else socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok')
  })
}).listen(0, '127.0.0.1', () => writeFileSync('port', String(server.address().port)))
setTimeout(() => process.exit(), 110_000)
JS
cd "$work" || exit 2
node server.mjs &
server=$!
trap 'kill "$server" 2>/dev/null; wait 2>/dev/null; rm -rf "$work"' EXIT
for _ in $(seq 100); do [ -s port ] && break; sleep 0.1; done
[ -s port ] || { echo 'The server did not start.'; exit 2; }
url="http://127.0.0.1:$(cat port)"

cat >main.go <<'GO'
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

func call(method, path, key string) {
	request, _ := http.NewRequest(method, os.Args[1]+path, strings.NewReader("{}"))
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	answer, err := http.DefaultClient.Do(request)
	if err == nil {
		io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
	}
	if path == "/warm" {
		return
	}
	if err != nil {
		fmt.Println("  the program sees an error")
	} else {
		fmt.Println("  the program sees", answer.StatusCode)
	}
}

func main() {
	call("POST", "/warm", "")
	call("PATCH", "/target", os.Args[2])
}
GO
GOCACHE="$work/cache" GOFLAGS=-mod=mod timeout 100 go build -o client main.go ||
  { echo 'Go could not build it.'; exit 2; }
cat >"$work/expected" <<'TEXT'
PATCH, Idempotency-Key: none
  the program sees an error
  PATCH on a kept connection
PATCH, Idempotency-Key: one-key
  the program sees 200
  PATCH on a kept connection
  PATCH on a new connection
TEXT
for key in '' one-key; do
  echo "PATCH, Idempotency-Key: ${key:-none}"
  : >requests
  timeout 20 ./client "$url" "$key"
  cat requests
done | tee seen

if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
