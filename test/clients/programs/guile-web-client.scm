;; Guile's (web client). It parses the headers that it sends and gets, and raises where they are not as HTTP has them.
(use-modules (ice-9 rdelim) (rnrs bytevectors) (web client) (web http) (web response) (web uri))

(define (quoted text)
  (string-append "\"" (string-join (string-split (string-join (string-split text #\\) "\\\\") #\") "\\\"") "\""))

(define (parsed header)
  (let* ((colon (string-index header #\:)) (name (string->header (substring header 0 colon))))
    (cons name (parse-header name (substring header (+ colon 2))))))

(define (send method url body headers)
  (call-with-values
      (lambda ()
        (http-request (string->uri url) #:method method #:headers (map parsed headers)
                      #:body (and (eq? method 'PATCH) body) #:decode-body? #f))
    (lambda (response answer)
      (let ((etag (response-etag response)))
        (format #f "{\"status\":~a,\"etag\":~a,\"body\":~a}" (response-code response)
                (if etag (quoted (string-append (if (cdr etag) "" "W/") "\"" (car etag) "\"")) "null")
                (if (and answer (positive? (bytevector-length answer))) (utf8->string answer) "null"))))))

(setvbuf (current-output-port) 'line)
(format #t "{\"version\":\"Guile ~a\"}~%" (version))
(let loop ((line (read-line)))
  (unless (eof-object? line)
    (let* ((words (string-split line #\tab))
           (method (string->symbol (car words)))
           (body (if (string=? (caddr words) "-") "" (caddr words))))
      (format #t "~a~%"
              (catch #t
                (lambda () (send method (cadr words) body (cdddr words)))
                (lambda failure (format #f "{\"error\":~a}" (quoted (format #f "~s" failure))))))
      (loop (read-line)))))
