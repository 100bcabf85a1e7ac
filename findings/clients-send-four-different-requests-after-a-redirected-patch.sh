#!/usr/bin/env bash
# Finding: after one `302` to a PATCH, six usual clients send four different requests, and all of them report
#   200.
# Versions: Debian 12: curl 7.88.1, wget 1.21.3, python3-requests 2.28.1, golang-go 1.19, php-curl 8.2, and the
#   fetch of Node; versions in use are printed.
# One would expect: a client repeats the PATCH at the new place or fails: only for POST does RFC 9110 (section
#   15.4) name a historic change to GET.
# What happens: fetch and wget send the PATCH whole. curl and PHP send a PATCH without its body. Python's
#   requests and Go send a GET. With 301, requests sends a PATCH without a body. With 307 and 308 all six agree.
# Why it matters: a proxy that redirects http to https or adds a slash answers 301 or 302 by habit. The program
#   then reads the connection instead of changing it, sees 200 and takes it for done; or it sends an empty
#   PATCH, which is an action on some routes. Redirect with 308 or not at all.
# Exit codes: 0 as described, 1 the behaviour changed, 2 it cannot run here.
set -uo pipefail
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
for package in curl wget php:php-cli go:golang-go python3 node:nodejs; do
  command -v "${package%:*}" >/dev/null || { echo "This needs the Debian package ${package#*:}."; exit 2; }
done
php -r 'exit(extension_loaded("curl") ? 0 : 1);' || { echo 'This needs the Debian package php-curl.'; exit 2; }
python=$(type -ap python3 | while read -r one; do "$one" -c 'import requests' 2>/dev/null && echo "$one" && break; done)
[ -n "$python" ] || { echo 'This needs the Debian package python3-requests.'; exit 2; }
echo "$(curl --version | head -1 | cut -d' ' -f1-2), $(wget --version | head -1 | cut -d' ' -f1-3)"
echo "Node $(node --version), $(go version | cut -d' ' -f3), PHP $(php -r 'echo PHP_VERSION;')"
echo "requests $("$python" -c 'import requests; print(requests.__version__)')"

cat >"$work/server.mjs" <<'JS'
import { appendFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'

const server = createServer(async (request, response) => {
  let size = 0
  for await (const chunk of request) size += chunk.length
  const status = /^\/(30\d)$/.exec(request.url)?.[1]
  if (status) return response.writeHead(status, { location: '/target' }).end()
  appendFileSync('requests', `${request.method} ${size ? 'with' : 'without'} body\n`)
  return response.end('ok')
}).listen(0, '127.0.0.1', () => writeFileSync('port', String(server.address().port)))
setTimeout(() => process.exit(), 110_000)
JS
cat >"$work/main.go" <<'GO'
package main

import (
	"fmt"
	"net/http"
	"os"
	"strings"
)

func main() {
	request, _ := http.NewRequest("PATCH", os.Args[1], strings.NewReader("{}"))
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(answer.StatusCode)
}
GO
cat >"$work/call.php" <<'PHP'
<?php
$curl = curl_init($argv[1]);
curl_setopt_array($curl, [
    CURLOPT_RETURNTRANSFER => true, CURLOPT_FOLLOWLOCATION => true,
    CURLOPT_CUSTOMREQUEST => 'PATCH', CURLOPT_POSTFIELDS => '{}',
]);
curl_exec($curl);
echo curl_getinfo($curl, CURLINFO_RESPONSE_CODE);
PHP
cd "$work" || exit 2
node server.mjs &
server=$!
trap 'kill "$server" 2>/dev/null; wait 2>/dev/null; rm -rf "$work"' EXIT
for _ in $(seq 100); do [ -s port ] && break; sleep 0.1; done
[ -s port ] || { echo 'The server did not start.'; exit 2; }
url="http://127.0.0.1:$(cat port)"
GOCACHE="$work/cache" timeout 100 go build -o go-client main.go || { echo 'Go could not build it.'; exit 2; }

send() { # client, address
  case $1 in
    curl) curl --silent --output /dev/null --write-out '%{http_code}' --location --request PATCH --data '{}' "$2" ;;
    PHP) php call.php "$2" ;;
    fetch) node -e 'fetch(process.argv[1], { method: "PATCH", body: "{}" }).then((a) => console.log(a.status))' "$2" ;;
    wget) wget --quiet --output-document=/dev/null --method=PATCH --body-data='{}' "$2" && echo 200 ;;
    requests) "$python" -c 'import requests, sys; print(requests.patch(sys.argv[1], json={}).status_code)' "$2" ;;
    Go) ./go-client "$2" ;;
  esac
}
cat >"$work/expected" <<'TEXT'
301, curl: PATCH without body, the program sees 200
301, PHP: PATCH without body, the program sees 200
301, fetch: PATCH with body, the program sees 200
301, wget: PATCH with body, the program sees 200
301, requests: PATCH without body, the program sees 200
301, Go: GET without body, the program sees 200
302, curl: PATCH without body, the program sees 200
302, PHP: PATCH without body, the program sees 200
302, fetch: PATCH with body, the program sees 200
302, wget: PATCH with body, the program sees 200
302, requests: GET without body, the program sees 200
302, Go: GET without body, the program sees 200
308, curl: PATCH with body, the program sees 200
308, PHP: PATCH with body, the program sees 200
308, fetch: PATCH with body, the program sees 200
308, wget: PATCH with body, the program sees 200
308, requests: PATCH with body, the program sees 200
308, Go: PATCH with body, the program sees 200
TEXT
for status in 301 302 308; do
  for client in curl PHP fetch wget requests Go; do
    : >requests
    outcome=$(send "$client" "$url/$status" 2>/dev/null)
    echo "$status, $client: $(cat requests), the program sees $outcome"
  done
done | tee seen

if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
