// The entry in production: `node src/start.js`. An old Node cannot read main.ts, and so could not say what is missing.
import './require-node.cjs'

await import('./main.ts')
