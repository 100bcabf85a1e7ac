# R with the curl package, which keeps connections.
library(curl)

quote_text <- function(text) if (is.null(text)) "null" else encodeString(text, quote = '"')

ask <- function(method, url, body, headers) {
  handle <- new_handle(customrequest = method, nobody = method == "HEAD", timeout = 20)
  handle_setheaders(handle, .list = headers)
  if (method == "PATCH") handle_setopt(handle, postfields = body)
  response <- curl_fetch_memory(url, handle)
  etag <- parse_headers_list(response$headers)$etag
  answer <- rawToChar(response$content)
  if (answer == "") answer <- "null"
  sprintf('{"status":%d,"etag":%s,"body":%s}', response$status_code, quote_text(etag), answer)
}

cat(sprintf('{"version":"curl %s, R %s"}\n', packageVersion("curl"), getRversion()))
lines <- file("stdin", open = "r")
while (length(line <- readLines(lines, n = 1)) > 0) {
  words <- strsplit(line, "\t", fixed = TRUE)[[1]]
  given <- words[-(1:3)]
  headers <- as.list(setNames(sub("^.*?: ", "", given, perl = TRUE), sub(": .*$", "", given)))
  body <- if (words[3] == "-") "" else words[3]
  failed <- function(failure) sprintf('{"error":%s}', quote_text(conditionMessage(failure)))
  cat(tryCatch(ask(words[1], words[2], body, headers), error = failed), "\n", sep = "")
  flush(stdout())
}
