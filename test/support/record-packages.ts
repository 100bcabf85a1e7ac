import { writeFileSync } from 'node:fs'
import { registerHooks } from 'node:module'

// Preloaded (`node --import`) into a program whose packages a test wants to know. They are written down when it ends.

const packages = new Set<string>()

registerHooks({
  load(url, context, next) {
    // The last one: a package may have packages of its own inside.
    const name = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1]
    if (name !== undefined) packages.add(name)
    return next(url, context)
  },
})

process.on('exit', () =>
  writeFileSync(process.env['RECORD_PACKAGES_TO'] ?? '/dev/null', JSON.stringify([...packages].sort())),
)
