import { useEffect, useMemo, useState } from 'preact/hooks'
import { RedirectUriCheckDocument } from '../../client/documents/graphql.ts'
import { ask } from '../answers/ask.ts'
import type { ConnectionKey } from './connection.ts'
import { gatewayVerdict, localVerdict, type Verdict } from './verdict.ts'

/** Milliseconds without a key after which the gateway is asked: its answer comes within 300 ms after the last key. */
const pause = 150

/** The verdict on a typed value: at once by the rules in the browser, then by the gateway. */
export function useVerdict({ clientId, connectionId }: ConnectionKey, redirectUri: string, stored: string): Verdict {
  const local = useMemo(() => localVerdict(redirectUri, stored), [redirectUri, stored])
  const [checked, setChecked] = useState<{ readonly of: Verdict; readonly verdict: Verdict } | null>(null)
  useEffect(() => {
    if (redirectUri === stored) return
    const timer = setTimeout(async () => {
      const { data } = await ask(RedirectUriCheckDocument, { clientId, connectionId, redirectUri })
      // Without an answer the local verdict stays. The gateway judges again on Save in any case.
      if (data !== null) setChecked({ of: local, verdict: gatewayVerdict(data.redirectUriCheck, local) })
    }, pause)
    return () => clearTimeout(timer)
  }, [clientId, connectionId, local])
  return checked?.of === local ? checked.verdict : local
}
