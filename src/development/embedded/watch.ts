import { text } from 'node:stream/consumers'
import type { Place } from './place.ts'
import { stopUnusedServer } from './use.ts'

// use.ts starts this program. Its argument is a place, and its standard input holds the server's URL.
const place: Place = JSON.parse(process.argv[2] ?? '')
await stopUnusedServer(place, (await text(process.stdin)).trim())
