import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'
import { compressedFiles } from './compressed-files.ts'

/** `npm run build:console` writes the console to `dist/console`. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: '/console/',
  // An installation builds the console, too. Its output has other things to say.
  logLevel: 'warn',
  // The rules of redirect URIs are the server's own files. Only this import of theirs is another one in a browser.
  resolve: { alias: { 'node:url': fileURLToPath(new URL('uri/host-names.ts', import.meta.url)) } },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  plugins: [compressedFiles()],
  build: {
    outDir: '../../dist/console',
    emptyOutDir: true,
    target: 'baseline-widely-available',
    manifest: true,
    // The policy of the page allows no `data:` address.
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
})
