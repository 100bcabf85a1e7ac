import { readFile } from 'node:fs/promises'
import { ColumnTypeEnum } from '@prisma/driver-adapter-utils'
import {
  type SchemaEngine,
  WholeScriptAdapters,
  withSchemaEngine,
} from '../../src/persistence/migrations/schema-engine.ts'

const SCHEMA = new URL('../../prisma/schema.prisma', import.meta.url)

/**
 * What Prisma would change to get from the database to prisma/schema.prisma, and the other way round, as SQL: both
 * empty (null) when the two are the same.
 */
export async function diffFromSchema(
  databaseUrl: string,
): Promise<{ toSchema: string | null; toDatabase: string | null }> {
  const files = [{ path: 'schema.prisma', content: await readFile(SCHEMA, 'utf8') }]
  const database = { tag: 'schemaDatasource', files, configDir: '.' } as const
  const schema = { tag: 'schemaDatamodel', files } as const
  const rest = { script: true, exitCode: null, filters: { externalTables: [], externalEnums: [] } }
  const work = async (engine: SchemaEngine) => ({
    toSchema: (await engine.diff({ from: database, to: schema, ...rest })).stdout,
    toDatabase: (await engine.diff({ from: schema, to: database, ...rest })).stdout,
  })
  return withSchemaEngine(databaseUrl, work, new IntrospectingAdapters(databaseUrl))
}

const CHARS = /\b(constr\.contype|con\.confdeltype|con\.confupdtype)\b/g
const CHAR_NAMES = new Set(['constraint_type', 'confdeltype', 'confupdtype'])

/**
 * The engine reads three columns of PostgreSQL's type "char", which Prisma's adapter refuses: they are fetched as text
 * and called characters.
 */
class IntrospectingAdapters extends WholeScriptAdapters {
  override async connect(): ReturnType<WholeScriptAdapters['connect']> {
    const adapter = await super.connect()
    const queryRaw = adapter.queryRaw.bind(adapter)
    adapter.queryRaw = async (query) => {
      const result = await queryRaw({ ...query, sql: query.sql.replace(CHARS, '$1::text') })
      const isChar = (index: number) => CHAR_NAMES.has(result.columnNames[index] ?? '')
      return {
        ...result,
        columnTypes: result.columnTypes.map((type, index) => (isChar(index) ? ColumnTypeEnum.Character : type)),
      }
    }
    return adapter
  }
}
