import type { CodegenConfig } from '@graphql-codegen/cli'
import { printSchema } from 'graphql'
import { createSchema } from './src/graphql/schema.ts'

const scalars = { DateTime: 'string', ID: 'string', JSON: 'unknown' }

/** `npm run codegen` writes these files; `npm run check` fails if they are not what would be written. */
const config: CodegenConfig = {
  // Printed here: the generator's own copy of graphql could not look into a schema made with ours.
  schema: printSchema(createSchema()),
  generates: {
    'docs/configuration.md': { plugins: ['./configuration-page.ts'] },
    'src/graphql/schema.graphql': { plugins: ['schema-ast'] },
    'src/client/documents/': {
      preset: 'client',
      documents: 'src/client/*.graphql',
      presetConfig: { fragmentMasking: false, persistedDocuments: { hashAlgorithm: 'sha256' } },
      config: {
        documentMode: 'string',
        useTypeImports: true,
        scalars,
        enumsAsTypes: true,
        strictScalars: true,
        importExtension: '.ts',
      },
    },
  },
}

export default config
