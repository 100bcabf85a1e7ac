import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, gzip } from 'node:zlib'
import type { Plugin } from 'vite'

/** Writes `x.br` and `x.gz` beside each text file `x` of the build, so that the gateway compresses nothing itself. */
export function compressedFiles(): Plugin {
  let directory = ''
  return {
    name: 'compressed-files',
    apply: 'build',
    configResolved({ root, build }) {
      directory = join(root, build.outDir)
    },
    async closeBundle() {
      const files = await readdir(directory, { recursive: true })
      await Promise.all(files.filter((file) => /\.(?:js|css|html|svg|json)$/.test(file)).map(compress))
    },
  }

  async function compress(file: string): Promise<void> {
    const path = join(directory, file)
    const content = await readFile(path)
    await Promise.all([
      promisify(brotliCompress)(content).then((packed) => writeFile(`${path}.br`, packed)),
      promisify(gzip)(content, { level: 9 }).then((packed) => writeFile(`${path}.gz`, packed)),
    ])
  }
}
