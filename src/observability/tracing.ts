import { GatewayError } from '../domain/errors.ts'

/**
 * What is said of a piece of work. Never a value of a caller's: no token, no secret, no redirect URI, no statement's
 * parameters.
 */
export type Attributes = Readonly<Record<string, string | number | boolean>>

/** A piece of work within a trace. */
export interface Span {
  /** 32 hexadecimal digits, for the log line. */
  readonly traceId: string
  /**
   * Runs work as a part of it: spans that begin meanwhile, also later in the same chain of promises, are its children.
   */
  run<T>(work: () => T): T
  /** `isFailure`: of ours, or of what we depend on; a refusal is none. */
  end(details?: { readonly name?: string; readonly attributes?: Attributes; readonly isFailure?: boolean }): void
}

/**
 * Tells a collector which work took how long. Where no collector is configured there is none of this, and nothing of
 * its library.
 */
export interface Tracing {
  /** Begins the span of an HTTP request, as a child of the one that its `traceparent` names (W3C Trace Context). */
  beginRequest(name: string, headers: Readonly<Record<string, string | string[] | undefined>>): Span
  /** Begins the span of work inside; `asks` names a system outside that it waits for. */
  begin(name: string, attributes: Attributes, asks?: 'database'): Span
  /** Sends what is left, for a bounded time. */
  close(): Promise<void>
}

const isFailure = (error: unknown) => !(error instanceof GatewayError) || error.status >= 500

/** Runs work in a span, which ends with it. Of what is thrown only the code is told: messages quote values. */
export async function inSpan<T>(span: Span, work: () => T | Promise<T>): Promise<T> {
  try {
    const result = await span.run(work)
    span.end()
    return result
  } catch (error) {
    const type = error instanceof GatewayError ? error.code : error instanceof Error ? error.name : 'unknown'
    span.end({ attributes: { 'error.type': type }, isFailure: isFailure(error) })
    throw error
  }
}
