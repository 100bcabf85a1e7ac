# Python with the requests library. A session keeps the connection.
import json
import platform
import sys

import requests

session = requests.Session()


def send(method, url, body, headers):
    try:
        data = body if method == 'PATCH' else None
        response = session.request(method, url, data=data, headers=headers, timeout=20)
    except requests.RequestException as failure:
        return {'error': repr(failure)}
    answer = response.json() if response.content else None
    return {'status': response.status_code, 'etag': response.headers.get('ETag'), 'body': answer}


print(json.dumps({'version': f'requests {requests.__version__}, Python {platform.python_version()}'}), flush=True)
for line in sys.stdin:
    method, url, body, *headers = line.rstrip('\n').split('\t')
    seen = send(method, url, '' if body == '-' else body, dict(header.split(': ', 1) for header in headers))
    print(json.dumps(seen), flush=True)
