#!/usr/bin/env bash
# Finding: Free Pascal's TFPHTTPClient raises no exception for a connection that ends without an answer: it reports
#   status 0. With KeepConnection it sends the head of the next attempt without the body that the head announces.
# Versions: Debian's fp-compiler and fp-units-fcl (3.2.2); the version in use is printed.
# One would expect: an exception, as for a refused connection; and a second attempt with its body, or none.
# What happens: on a connection of its own, HTTPMethod returns normally with ResponseStatusCode 0. On a kept
#   connection the client connects anew and sends the same head, but its body stream is at its end: it raises
#   EReadError, and the next call would follow the half request on this connection.
# Why it matters: a program that only catches exceptions takes an unknown outcome for a done change. With
#   KeepConnection the server takes the start of the next request for the body of this one.
# Exit codes: 0 as described, 1 the behaviour changed, 2 it cannot run here.
set -uo pipefail
work=$(mktemp -d) || exit 2
for package in fpc:fp-compiler node:nodejs; do
  command -v "${package%:*}" >/dev/null || { echo "This needs the Debian package ${package#*:}."; exit 2; }
done
echo "Free Pascal $(fpc -iV)"

cat >"$work/server.mjs" <<'JS'
// Answers GET, reads the first PATCH and ends the connection without an answer, and notes the bytes of later ones.
import { appendFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'

let lost = false
const server = createServer((socket) => {
  let text = ''
  socket.on('error', () => undefined).on('data', (bytes) => {
    text += bytes
    if (text.startsWith('GET')) {
      text = ''
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    } else if (!lost && text.endsWith('{}')) {
      lost = true
      text = ''
      socket.end()
    }
  })
  socket.on('close', () => {
    if (lost && text !== '') appendFileSync('later', `  later connection: ${JSON.stringify(text.split('\r\n\r\n'))}\n`)
  })
}).listen(0, '127.0.0.1', () => writeFileSync('port', String(server.address().port)))
process.on('SIGUSR1', () => (lost = false))
setTimeout(() => process.exit(), 110_000)
JS
cat >"$work/call.pas" <<'PASCAL'
{$mode objfpc}{$H+}
program call;
uses Classes, SysUtils, fphttpclient;
var
  Client: TFPHTTPClient;
  Answer: TStringStream;
begin
  Client := TFPHTTPClient.Create(nil);
  Client.KeepConnection := ParamStr(2) = 'kept';
  Client.IOTimeout := 3000;
  Answer := TStringStream.Create('');
  Client.HTTPMethod('GET', ParamStr(1), Answer, []);
  Client.RequestBody := TStringStream.Create('{}');
  try
    Client.HTTPMethod('PATCH', ParamStr(1), Answer, []);
    WriteLn('  no exception, status ', Client.ResponseStatusCode);
  except
    on Failure: Exception do WriteLn('  ', Failure.ClassName);
  end;
end.
PASCAL
cd "$work" || exit 2
fpc -v0 call.pas >/dev/null 2>&1 || { echo 'This needs the Debian package fp-units-fcl.'; exit 2; }
node server.mjs &
server=$!
trap 'kill "$server" 2>/dev/null; wait 2>/dev/null; rm -rf "$work"' EXIT
for _ in $(seq 100); do [ -s port ] && break; sleep 0.1; done
[ -s port ] || { echo 'The server did not start.'; exit 2; }
url="http://127.0.0.1:$(cat port)/"

attempt() { # new or kept
  echo "a $1 connection"
  : >later
  timeout 20 ./call "$url" "$1"
  sleep 0.5
  sed 's/127[^\\]*\\r/HOST\\r/' later
  kill -USR1 "$server"
  sleep 0.2
}
cat >expected <<'TEXT'
a new connection
  no exception, status 0
a kept connection
  EReadError
  later connection: ["PATCH / HTTP/1.1\r\nHost: HOST\r\nContent-Length: 2",""]
TEXT
{ attempt new; attempt kept; } | tee seen

if diff expected seen; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
