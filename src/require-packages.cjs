// CommonJS and plain JavaScript, as require-node.cjs.
require('./require-node.cjs')

// Without its packages the gateway would end with a stack trace of the first import.
const { existsSync } = require('node:fs')
const { join } = require('node:path')
if (!existsSync(join(__dirname, '../node_modules'))) {
  process.stderr.write('The packages are not installed. Run "npm ci" first.\n')
  process.exit(1)
}
