-- Lua with LuaSocket. Its simple form cannot send PATCH: this is the general one, with a source and a sink.
local http = require('socket.http')
local ltn12 = require('ltn12')

http.TIMEOUT = 20

local function quote(text)
  return '"' .. text:gsub('[\\"]', '\\%0') .. '"'
end

local function send(method, url, body, headers)
  local pieces = {}
  local source
  if method == 'PATCH' then
    headers['content-length'] = #body
    source = ltn12.source.string(body)
  end
  local sink = ltn12.sink.table(pieces)
  local request = { method = method, url = url, headers = headers, source = source, sink = sink }
  local done, status, received = http.request(request)
  if not done then return '{"error":' .. quote(status) .. '}' end
  local answer = table.concat(pieces)
  local etag = received.etag and quote(received.etag) or 'null'
  return ('{"status":%d,"etag":%s,"body":%s}'):format(status, etag, answer == '' and 'null' or answer)
end

io.stdout:setvbuf('line')
print('{"version":' .. quote(require('socket')._VERSION .. ', ' .. _VERSION) .. '}')
for line in io.lines() do
  local words = {}
  for word in line:gmatch('[^\t]+') do words[#words + 1] = word end
  local headers = {}
  for i = 4, #words do
    local name, value = words[i]:match('^(.-): (.*)$')
    headers[name:lower()] = value
  end
  print(send(words[1], words[2], words[3] == '-' and '' or words[3], headers))
end
