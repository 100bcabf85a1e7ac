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
/** So long a script waits for a lock, and everybody else who wants one behind it. */
const LOCK_WAIT = '2s'
const PAUSE_MS = 1_000
const TRY_FOR_MS = 60_000

// TypeScript declares WebAssembly with the DOM only, and this is no browser.
declare const WebAssembly: {
  instantiate(
    bytes: Uint8Array,
    imports: Record<string, object>,
  ): Promise<{ instance: { exports: { __wbindgen_start(): void } } }>
}

/**
 * Runs `work` with Prisma's own schema engine, the one behind `prisma migrate`, connected to a database. It is
 * WebAssembly, so that no binary is downloaded.
 *
 * Import this module lazily: a start that has nothing to migrate need not read 5 MB.
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
 * Prisma's adapter cuts a script at each `;`, those inside the body of a PL/pgSQL function included. This one sends it
 * whole.
 */
export class WholeScriptAdapters extends PrismaPg {
  readonly #open: { dispose(): Promise<void> }[] = []
  #refusal: string | null = null

  constructor(databaseUrl: string) {
    super({ connectionString: databaseUrl, connectionTimeoutMillis: CONNECT_MS })
  }

  override async connect(): ReturnType<PrismaPg['connect']> {
    const adapter = await super.connect()
    // Without parameters `pg` uses the simple protocol: one message, one implicit transaction, all of the script or
    // nothing. So there is no CREATE INDEX CONCURRENTLY in a migration; ops/README.md says how to build one beforehand.
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
   * What PostgreSQL said when it refused the last script, which then had no effect; null if it refused none. The
   * engine's own message rewords some errors, and PostgreSQL words them in the language of the server.
   */
  get refusal(): string | null {
    return this.#refusal
  }

  /** The engine leaves its connections open when it is freed. */
  async dispose(): Promise<void> {
    await Promise.all(this.#open.splice(0).map((adapter) => adapter.dispose()))
  }
}

/**
 * Runs a script while others go on reading and writing the same tables. It may wait for one of them who in turn waits
 * for it, or for one who holds a lock for hours while everybody else waits behind it; so it gives up early, lets the
 * others pass, and tries again.
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

// By hand: Node's own import of WebAssembly modules still warns that it is experimental.
async function load(): Promise<void> {
  const script = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg')
  const bytes = await readFile(script.replace(/\.js$/, '.wasm'))
  const { instance } = await WebAssembly.instantiate(bytes, {
    './schema_engine_bg.js': { ...bindings, ...unheldTimers() },
  })
  bindings.__wbg_set_wasm(instance.exports)
  instance.exports.__wbindgen_start()
  // Where the engine puts the message of a panic; without it there is only "unreachable".
  const report = (message: string) => {
    throw new Error(`Prisma's schema engine panicked: ${message}`)
  }
  Object.assign(globalThis, { PRISMA_WASM_PANIC_REGISTRY: { set_message: report } })
}

/**
 * The engine never clears the timer of its own advisory lock, which would hold the process for ten seconds after its
 * work is done.
 */
function unheldTimers(): Record<string, object> {
  const names = Object.keys(bindings).filter((name) => name.startsWith('__wbg_setTimeout_'))
  return Object.fromEntries(
    names.map((name) => [name, (callback: () => void, ms: number) => setTimeout(callback, ms).unref()]),
  )
}

function ignoreLog(): void {}
