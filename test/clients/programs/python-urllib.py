# Python's standard library. urlopen raises HTTPError for every status that is no success, 304 included.
import http.client
import json
import platform
import sys
import urllib.error
import urllib.request


def send(method, url, body, headers):
    data = body.encode() if method == 'PATCH' else None
    request = urllib.request.Request(url, data=data, headers=headers, method=method)
    try:
        response = urllib.request.urlopen(request, timeout=20)
    except urllib.error.HTTPError as refusal:
        response = refusal
    except (OSError, http.client.HTTPException) as failure:
        return {'error': repr(failure)}
    answer = response.read()
    return {'status': response.status, 'etag': response.headers['ETag'], 'body': json.loads(answer) if answer else None}


print(json.dumps({'version': 'Python ' + platform.python_version()}), flush=True)
for line in sys.stdin:
    method, url, body, *headers = line.rstrip('\n').split('\t')
    seen = send(method, url, '' if body == '-' else body, dict(header.split(': ', 1) for header in headers))
    print(json.dumps(seen), flush=True)
