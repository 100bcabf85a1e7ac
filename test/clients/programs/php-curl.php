<?php
// PHP with the curl extension. One handle keeps the connection.
$curl = curl_init();

function send(string $method, string $url, string $body, array $headers): array
{
    global $curl;
    $etag = null;
    curl_reset($curl);
    curl_setopt_array($curl, [
        CURLOPT_URL => $url,
        CURLOPT_CUSTOMREQUEST => $method,
        CURLOPT_NOBODY => $method === 'HEAD',
        CURLOPT_HTTPHEADER => $headers,
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_TIMEOUT => 20,
        CURLOPT_HEADERFUNCTION => function ($curl, string $line) use (&$etag): int {
            if (preg_match('/^etag:\s*(\S+)/i', $line, $match)) $etag = $match[1];
            return strlen($line);
        },
    ]);
    if ($method === 'PATCH') curl_setopt($curl, CURLOPT_POSTFIELDS, $body);
    $answer = curl_exec($curl);
    if ($answer === false) return ['error' => curl_error($curl)];
    return ['status' => curl_getinfo($curl, CURLINFO_RESPONSE_CODE), 'etag' => $etag, 'body' => json_decode($answer)];
}

echo json_encode(['version' => 'PHP ' . PHP_VERSION . ', libcurl ' . curl_version()['version']]), "\n";
while (($line = fgets(STDIN)) !== false) {
    [$method, $url, $body, $headers] = explode("\t", rtrim($line, "\n"), 4) + [3 => ''];
    echo json_encode(send($method, $url, $body === '-' ? '' : $body, explode("\t", $headers))), "\n";
}
