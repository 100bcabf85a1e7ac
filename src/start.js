// The entry of `npm start`. An old Node cannot read main.ts, and so could not say what is missing.
import './require-packages.cjs'
import module from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { findBuiltProgram } from './built-program.js'

const root = fileURLToPath(new URL('..', import.meta.url))

// Node keeps what it compiles of the sources, so that the second start is faster. Other users cannot write
// there, as they can in Node's own folder for it.
module.enableCompileCache?.(`${root}node_modules/.cache/node-compile-cache`)

// `npm ci` builds the program, which starts in half of the time. After a change of a source Node runs the sources.
const built = findBuiltProgram(root)
await import(built === null ? './main.ts' : pathToFileURL(built).href)
