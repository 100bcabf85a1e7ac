#!/bin/bash
# wget. --content-on-error gives the body of a refusal, --server-response the head; a HEAD is --spider.
# With --content-on-error wget waits for the body of a 304, too: --no-http-keep-alive lets the gateway end it.
head=$(mktemp)
trap 'rm -f "$head"' EXIT
echo "{\"version\":\"$(wget --version | sed -n '1s/^GNU Wget \([^ ]*\).*/wget \1/p')\"}"
while IFS=$'\t' read -r method url body headers; do
  options=(--server-response --content-on-error --no-http-keep-alive --timeout 20 --method "$method")
  options+=(--output-document - --output-file "$head")
  [ "$method" = HEAD ] && options+=(--spider)
  [ "$body" != - ] && options+=(--body-data "$body")
  IFS=$'\t' read -ra each <<< "$headers"
  for header in "${each[@]}"; do options+=(--header "$header"); done
  answer=$(wget "${options[@]}" "$url")
  status=$(sed -n 's/^ *HTTP[^ ]* \([0-9]*\).*/\1/p' "$head" | tail -1)
  etag=$(tr -d '\r' < "$head" | sed -n 's/"/\\"/g; s/^ *etag: \(.*\)/"\1"/ip')
  if [ -n "$status" ]; then
    echo "{\"status\":$status,\"etag\":${etag:-null},\"body\":${answer:-null}}"
  else
    echo "{\"error\":\"$(tail -1 "$head" | tr -d '\\"')\"}"
  fi
done
