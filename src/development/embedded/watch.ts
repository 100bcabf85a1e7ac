import { text } from 'node:stream/consumers'
import type { Place } from './place.ts'
import { stopUnusedServer } from './use.ts'

// Started by use.ts, with a place as its argument and the server's URL on standard input. Both come from there.
const place: Place = JSON.parse(process.argv[2] ?? '')
await stopUnusedServer(place, (await text(process.stdin)).trim())
