#!/bin/bash
# curl. Every call is a process, so no connection is kept; -d would label an empty body as a form.
head=$(mktemp)
trap 'rm -f "$head"' EXIT
echo "{\"version\":\"$(curl --version | sed -n '1s/^\(curl [^ ]*\).*/\1/p')\"}"
while IFS=$'\t' read -r method url body headers; do
  options=(-sS --max-time 20 -D "$head" -X "$method")
  [ "$method" = HEAD ] && options+=(--head -o /dev/null)
  [ "$body" != - ] && options+=(-d "$body")
  IFS=$'\t' read -ra each <<< "$headers"
  for header in "${each[@]}"; do options+=(-H "$header"); done
  if answer=$(curl "${options[@]}" "$url" 2>&1); then
    status=$(sed -n 's/^HTTP[^ ]* \([0-9]*\).*/\1/p' "$head" | tail -1)
    etag=$(tr -d '\r' < "$head" | sed -n 's/"/\\"/g; s/^etag: \(.*\)/"\1"/ip')
    echo "{\"status\":$status,\"etag\":${etag:-null},\"body\":${answer:-null}}"
  else
    echo "{\"error\":\"${answer//\"/}\"}"
  fi
done
