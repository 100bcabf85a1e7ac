// The entry of `npm start`. An old Node cannot read main.ts, and so could not say what is missing.
import './require-packages.cjs'

await import('./main.ts')
