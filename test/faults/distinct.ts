import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { parseArgs } from 'node:util'
import { openInspector } from './inspector.ts'
import { openStage } from './stage.ts'
import { withBaseCluster } from './workshop.ts'

/** Callers that never repeat themselves: every token is another one, then every document. Memory has to stay bounded. */
const { values } = parseArgs({
  options: { tokens: { type: 'string', default: '1000000' }, documents: { type: 'string', default: '100000' } },
})
const [tokens, documents] = [Number(values.tokens), Number(values.documents)]
if (!(tokens >= 1 && documents >= 1)) throw new Error('--tokens and --documents are numbers above 0')

const callers = 32
const samples = 10
const scope = 'client:read'
/** What is in use when all memories of the gateway are full, after a collection. */
const heapAtMost = 80
/** What is resident, with the garbage that V8 has not collected yet: its limit is about twice what is in use. */
const residentAtMost = 320

const say = (text: string) => process.stdout.write(`${text}\n`)

const findings = await withBaseCluster(async (base, place) => {
  // Lookups of callers go straight to the database: the link would run in this busy process.
  const stage = await openStage(base, place('distinct'), {
    direct: true,
    nodeOptions: ['--inspect=127.0.0.1:0'],
  })
  try {
    await stage.startGateways()
    const { gateway, issuer } = stage
    const inspector = await openInspector(gateway.inspector() ?? '')
    const { hostname, port } = new URL(gateway.origin)
    const agent = new Agent({ keepAlive: true, maxSockets: callers })

    async function send(token: string, query: string): Promise<void> {
      const body = JSON.stringify({ query })
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
      const sent = request({ agent, hostname, port, method: 'POST', path: '/graphql', headers }).end(body)
      const [answer] = await once(sent, 'response')
      answer.resume()
      await once(answer, 'end')
      if (answer.statusCode !== 200) throw new Error(`the gateway answered ${answer.statusCode}`)
    }

    /** Sends `count` requests and prints the memory ten times meanwhile. Returns these figures. */
    async function sendAll(count: number, what: string, one: (number: number) => Promise<void>): Promise<number[]> {
      const taken: number[] = []
      let next = 0
      const call = async () => {
        while (next < count) {
          const number = next++
          await one(number)
          if ((number + 1) % Math.ceil(count / samples) === 0 || number + 1 === count) {
            taken.push(await gateway.memory())
            say(`${number + 1} ${what}: ${taken.at(-1)?.toFixed(0)} MB`)
          }
        }
      }
      await Promise.all(Array.from({ length: callers }, call))
      return taken
    }

    say(`idle: ${(await gateway.memory()).toFixed(0)} MB`)
    await sendAll(tokens, 'tokens', (jti) => send(issuer.mint({ scope, claims: { jti } }), '{ __typename }'))
    const token = issuer.mint({ scope })
    await sendAll(documents, 'documents', (number) => send(token, `{ viewer { clientId name${number}: clientId } }`))
    agent.destroy()
    const peak = await gateway.peakMemory()
    const heap = await inspector.heapAfterCollection()
    inspector.close()
    say(`peak: ${peak.toFixed(0)} MB; heap in use at the end, after a collection: ${heap.toFixed(0)} MB`)
    stage.expect(heap < heapAtMost, `${heap.toFixed(0)} MB of heap are in use`)
    stage.expect(peak < residentAtMost, `the gateway took ${peak.toFixed(0)} MB`)
    stage.expect(gateway.unexpectedExits.length === 0, 'the gateway has ended by itself')
    return stage.findings
  } finally {
    await stage.close()
  }
})
for (const finding of findings) say(`- ${finding}`)
say(findings.length === 0 ? 'bounded' : 'not bounded')
// At once, as the soak ends.
process.exit(findings.length === 0 ? 0 : 1)
