import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { setTimeout as delay } from 'node:timers/promises'
import { PrismaPg } from '@prisma/adapter-pg'
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import type { MigrationList, SchemaEngine } from '@prisma/schema-engine-wasm/schema_engine_bg'
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg'
import { lostForLocks, refusalOf } from '../pool/failure.ts'
import { findExtensions } from './extension-schemas.ts'

export type { MigrationList, SchemaEngine }

const CONNECT_MS = 10_000
/** `lock_timeout` of a migration script. Later lock requests queue behind it for that long. */
const LOCK_WAIT = '2s'
const PAUSE_MS = 1_000
const TRY_FOR_MS = 60_000

// TypeScript declares WebAssembly only in the library of the DOM, which this program does not use.
declare const WebAssembly: {
  instantiate(
    bytes: Uint8Array,
    imports: Record<string, object>,
  ): Promise<{ instance: { exports: { __wbindgen_start(): void } } }>
}

/**
 * Connects Prisma's schema engine, which `prisma migrate` uses, to a database and runs `work` with it. The engine is
 * WebAssembly, so Prisma downloads no binary.
 *
 * Import this module lazily: a start without pending migrations then does not read 5 MB.
 */
export async function withSchemaEngine<T>(
  databaseUrl: string,
  work: (engine: SchemaEngine, adapters: WholeScriptAdapters) => Promise<T>,
  adapters = new WholeScriptAdapters(databaseUrl),
): Promise<T> {
  loading ??= load()
  await loading
  try {
    const engine = await bindings.SchemaEngine.new(
      { datamodels: undefined },
      ignoreLog,
      bindMigrationAwareSqlAdapterFactory(adapters),
    )
    try {
      return await work(engine, adapters)
    } finally {
      engine.free()
    }
  } finally {
    await adapters.dispose()
  }
}

/**
 * Prisma's adapter splits a script at each `;`, also inside the body of a PL/pgSQL function. This adapter sends the
 * whole script.
 */
export class WholeScriptAdapters extends PrismaPg {
  readonly #open: { dispose(): Promise<void> }[] = []
  #refusal: string | null = null

  constructor(databaseUrl: string) {
    super({ connectionString: databaseUrl, connectionTimeoutMillis: CONNECT_MS })
  }

  override async connect(): ReturnType<PrismaPg['connect']> {
    const adapter = await super.connect()
    // Without parameters `pg` uses the simple protocol: one message and one implicit transaction for the whole script.
    // So a migration has no CREATE INDEX CONCURRENTLY. ops/README.md says how to build such an index beforehand.
    adapter.executeScript = async (sql) => {
      const script = {
        sql: `SET LOCAL lock_timeout = '${LOCK_WAIT}'; ${findExtensions}; ${sql}`,
        args: [],
        argTypes: [],
      }
      try {
        await betweenTheOthers(() => adapter.executeRaw(script))
      } catch (error) {
        this.#refusal = refusalOf(error)
        throw error
      }
    }
    this.#open.push(adapter)
    return adapter
  }

  /**
   * The message with which PostgreSQL refused the last script, which then had no effect. null: PostgreSQL refused none.
   * The engine's own message rewords some errors, and PostgreSQL words them in the language of the server.
   */
  get refusal(): string | null {
    return this.#refusal
  }

  /** Closes the connections, which the engine leaves open. */
  async dispose(): Promise<void> {
    await Promise.all(this.#open.splice(0).map((adapter) => adapter.dispose()))
  }
}

/**
 * Runs a script while other sessions read and write the same tables. The script may wait for a session that waits for
 * the script, or for a session that holds a lock for hours. All later sessions would wait, too. So the script gives up
 * early, lets the other sessions go first, and tries again.
 */
async function betweenTheOthers(run: () => Promise<unknown>): Promise<void> {
  const until = performance.now() + TRY_FOR_MS
  for (;;) {
    try {
      await run()
      return
    } catch (error) {
      if (!lostForLocks(error) || performance.now() > until) throw error
      await delay(PAUSE_MS)
    }
  }
}

let loading: Promise<void> | undefined

// Node's own import of WebAssembly modules still warns that it is experimental.
async function load(): Promise<void> {
  const script = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg')
  const bytes = await readFile(script.replace(/\.js$/, '.wasm'))
  const { instance } = await WebAssembly.instantiate(bytes, {
    './schema_engine_bg.js': { ...bindings, ...unheldTimers() },
  })
  bindings.__wbg_set_wasm(instance.exports)
  instance.exports.__wbindgen_start()
  // The engine writes the message of a panic here. The error itself says only "unreachable".
  const report = (message: string) => {
    throw new Error(`Prisma's schema engine panicked: ${message}`)
  }
  Object.assign(globalThis, { PRISMA_WASM_PANIC_REGISTRY: { set_message: report } })
}

/**
 * The engine never clears the timer of its own advisory lock. That timer would keep the process alive for ten seconds
 * after the work.
 */
function unheldTimers(): Record<string, object> {
  const names = Object.keys(bindings).filter((name) => name.startsWith('__wbg_setTimeout_'))
  return Object.fromEntries(
    names.map((name) => [name, (callback: () => void, ms: number) => setTimeout(callback, ms).unref()]),
  )
}

function ignoreLog(): void {}
