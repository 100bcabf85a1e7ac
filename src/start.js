// The entry of `npm start`. An old Node cannot read main.ts, and so could not say what is missing.
import './require-packages.cjs'
import module from 'node:module'
import { fileURLToPath } from 'node:url'

// Node keeps what it compiles of the sources, so that the second start is faster. Other users cannot write
// there, as they can in Node's own folder for it.
module.enableCompileCache?.(fileURLToPath(new URL('../node_modules/.cache/node-compile-cache', import.meta.url)))

await import('./main.ts')
