<?php
// PHP without extensions: file_get_contents. With ignore_errors it answers the body of a refusal, too.
function send(string $method, string $url, string $body, array $headers): array
{
    $http = ['method' => $method, 'header' => $headers, 'ignore_errors' => true, 'timeout' => 20];
    if ($method === 'PATCH') $http['content'] = $body;
    $answer = @file_get_contents($url, false, stream_context_create(['http' => $http]));
    if ($answer === false) return ['error' => error_get_last()['message']];
    $head = implode("\n", $http_response_header);
    preg_match('/^HTTP\S+ (\d+)/', $head, $status);
    preg_match('/^etag:\s*(\S+)/im', $head, $etag);
    return ['status' => (int) $status[1], 'etag' => $etag[1] ?? null, 'body' => json_decode($answer)];
}

echo json_encode(['version' => 'PHP ' . PHP_VERSION]), "\n";
while (($line = fgets(STDIN)) !== false) {
    [$method, $url, $body, $headers] = explode("\t", rtrim($line, "\n"), 4) + [3 => ''];
    echo json_encode(send($method, $url, $body === '-' ? '' : $body, explode("\t", $headers))), "\n";
}
