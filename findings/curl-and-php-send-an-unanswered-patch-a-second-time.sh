#!/usr/bin/env bash
# Finding: curl, PHP's curl and wget send a PATCH or a POST again by themselves when a kept connection ends
#   without an answer.
# Versions: Debian's curl (7.88.1), php-cli with php-curl (8.2), wget (1.21.3), ruby (3.1); versions in use are
#   printed.
# One would expect: a client repeats only idempotent methods on its own (RFC 9110 section 9.2.2), as Ruby's
#   Net::HTTP does.
# What happens: the server reads a whole request on a connection that it answered before and closes it. curl and
#   PHP open another connection and send the PATCH or POST anew, with no option set, and report one success.
#   wget does so in its next try.
# Why it matters: the first request may have been carried out: an instance that was killed after its commit
#   looks just so. The program sees 412 for its own `If-Match`, or two rows in the history, and its author
#   swears that it called once.
# Exit codes: 0 as described, 1 the behaviour changed, 2 it cannot run here.
set -uo pipefail
work=$(mktemp -d) || exit 2
for package in curl wget php:php-cli ruby node:nodejs; do
  command -v "${package%:*}" >/dev/null || { echo "This needs the Debian package ${package#*:}."; exit 2; }
done
php -r 'exit(extension_loaded("curl") ? 0 : 1);' || { echo 'This needs the Debian package php-curl.'; exit 2; }
curl --version | head -1 | cut -d' ' -f1-2
wget --version | head -1
php -r 'echo "PHP ", PHP_VERSION, "\n";'
ruby --version | cut -d' ' -f1-2

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

cat >"$work/call.php" <<'PHP'
<?php
$curl = curl_init();
curl_setopt_array($curl, [CURLOPT_RETURNTRANSFER => true, CURLOPT_URL => "$argv[1]/warm"]);
curl_exec($curl);
curl_setopt_array($curl, [
    CURLOPT_URL => "$argv[1]/target", CURLOPT_CUSTOMREQUEST => 'PATCH', CURLOPT_POSTFIELDS => '{}',
]);
curl_exec($curl);
echo '  the program sees ', curl_getinfo($curl, CURLINFO_RESPONSE_CODE), "\n";
PHP
cat >"$work/call.rb" <<'RUBY'
require 'net/http'
at = URI(ARGV[0])
Net::HTTP.start(at.host, at.port) do |http|
  http.get('/warm')
  begin
    puts "  the program sees #{http.patch('/target', '{}').code}"
  rescue EOFError => error
    puts "  the program sees #{error.class}"
  end
end
RUBY

attempt() { # title, command …
  echo "$1"
  shift
  : >requests
  timeout 25 "$@" 2>/dev/null
  cat requests
}
curl_as() { curl --silent --output /dev/null "$url/warm" --next --silent --output /dev/null --request "$1" \
  --data '{}' --write-out '  the program sees %{http_code}\n' "$url/target"; }
wget_patch() { wget --quiet --output-document=/dev/null --method=PATCH --body-data='{}' "$url/warm" "$url/target" &&
  echo '  the program sees success'; }
export -f curl_as wget_patch
export url
cat >"$work/expected" <<'TEXT'
curl, PATCH
  the program sees 200
  PATCH on a kept connection
  PATCH on a new connection
curl, POST
  the program sees 200
  POST on a kept connection
  POST on a new connection
PHP with curl, PATCH
  the program sees 200
  PATCH on a kept connection
  PATCH on a new connection
wget, PATCH
  the program sees success
  PATCH on a kept connection
  PATCH on a new connection
Ruby, PATCH
  the program sees EOFError
  PATCH on a kept connection
TEXT
{
  attempt 'curl, PATCH' bash -c 'curl_as PATCH'
  attempt 'curl, POST' bash -c 'curl_as POST'
  attempt 'PHP with curl, PATCH' php call.php "$url"
  attempt 'wget, PATCH' bash -c wget_patch
  attempt 'Ruby, PATCH' ruby call.rb "$url"
} | tee seen

if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
