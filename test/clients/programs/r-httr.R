# R with the httr package, which keeps connections and asks for JSON by itself.
library(httr)

quote_text <- function(text) if (is.null(text)) "null" else encodeString(text, quote = '"')

ask <- function(method, url, body, headers) {
  fields <- add_headers(.headers = unlist(headers))
  response <- VERB(method, url, fields, timeout(20), body = if (method == "PATCH") body, encode = "raw")
  answer <- content(response, "text", encoding = "UTF-8")
  if (length(answer) == 0 || answer == "") answer <- "null"
  sprintf('{"status":%d,"etag":%s,"body":%s}', status_code(response), quote_text(headers(response)$etag), answer)
}

cat(sprintf('{"version":"httr %s, R %s"}\n', packageVersion("httr"), getRversion()))
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
