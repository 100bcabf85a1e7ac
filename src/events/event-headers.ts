import { Webhook } from 'standardwebhooks'
import { version } from '../config/version.ts'

/**
 * The headers of a message by Standard Webhooks 1.0, with one signature for each secret, the present one first. The
 * body is a CloudEvent in structured mode.
 * @param now The time of the attempt. A receiver refuses an old one.
 */
export function eventHeaders(
  id: string,
  body: string,
  secrets: readonly string[],
  now: Date,
): Readonly<Record<string, string>> {
  return {
    'content-type': 'application/cloudevents+json; charset=utf-8',
    'user-agent': `mithril-connection-gateway/${version}`,
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
    'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(id, now, body)).join(' '),
  }
}
