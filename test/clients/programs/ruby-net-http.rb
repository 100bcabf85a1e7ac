# Ruby's Net::HTTP. A started session keeps the connection. It labels an empty PATCH as a form.
require 'json'
require 'net/http'

def send_request(method, url, body, headers)
  uri = URI(url)
  $http ||= Net::HTTP.start(uri.host, uri.port, read_timeout: 20)
  response = $http.send_request(method, uri.request_uri, method == 'PATCH' ? body : nil, headers)
  content = response.body.to_s
  { status: response.code.to_i, etag: response['ETag'], body: content.empty? ? nil : JSON.parse(content) }
rescue SystemCallError, IOError, Net::ProtocolError, Timeout::Error => e
  { error: e.inspect }
end

$stdout.sync = true
puts JSON.generate(version: "Ruby #{RUBY_VERSION}")
$stdin.each_line(chomp: true) do |line|
  method, url, body, *headers = line.split("\t")
  body = '' if body == '-'
  puts JSON.generate(send_request(method, url, body, headers.to_h { |header| header.split(': ', 2) }))
end
