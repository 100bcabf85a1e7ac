import { LRUCache } from 'lru-cache'
import type { Adapter, AdapterFactory, AdapterPayload } from 'oidc-provider'

/** Sessions, codes and grants of one issuer. A program that makes more of them forgets the oldest. */
const entriesAtMost = 1_000

/**
 * The memory of one issuer. It ends with the process, as development wants it. The library has one like it, which warns
 * people on the terminal at each start.
 */
export function createMemory(): AdapterFactory {
  const entries = new LRUCache<string, AdapterPayload>({ max: entriesAtMost })
  const find = (belongs: (payload: AdapterPayload) => boolean) =>
    [...entries.entries()].filter(([, payload]) => belongs(payload)).map(([key]) => key)

  return (model): Adapter => {
    const keyOf = (id: string) => `${model}:${id}`
    const firstOf = (member: 'uid' | 'userCode', value: string) => {
      const [key] = find((payload) => payload.kind === model && payload[member] === value)
      return key === undefined ? undefined : entries.get(key)
    }
    return {
      async upsert(id, payload, expiresIn) {
        entries.set(keyOf(id), payload, expiresIn === undefined ? {} : { ttl: expiresIn * 1_000 })
      },
      find: async (id) => entries.get(keyOf(id)),
      findByUid: async (uid) => firstOf('uid', uid),
      findByUserCode: async (userCode) => firstOf('userCode', userCode),
      async consume(id) {
        const payload = entries.get(keyOf(id))
        if (payload !== undefined) payload['consumed'] = Math.floor(Date.now() / 1_000)
      },
      async destroy(id) {
        entries.delete(keyOf(id))
      },
      async revokeByGrantId(grantId) {
        for (const key of find((payload) => payload.grantId === grantId)) entries.delete(key)
      },
    }
  }
}
