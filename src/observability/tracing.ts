import { GatewayError } from '../domain/errors.ts'

/**
 * The attributes of a span. They hold no token, no secret, no redirect URI and no parameter of a statement.
 */
export type Attributes = Readonly<Record<string, string | number | boolean>>

/** A piece of work within a trace. */
export interface Span {
  /** 32 hexadecimal digits, for the log line. */
  readonly traceId: string
  /**
   * Runs work as a part of this span. Spans that begin in it, or later in its chain of promises, are its children.
   */
  run<T>(work: () => T): T
  /** `isFailure`: a fault of the gateway, or of a system that it needs. A refusal is not a failure. */
  end(details?: { readonly name?: string; readonly attributes?: Attributes; readonly isFailure?: boolean }): void
}

/**
 * Tells a collector how long each piece of work took. Without a configured collector the gateway does not load the
 * library.
 */
export interface Tracing {
  /** Begins the span of an HTTP request, a child of the span in its `traceparent` (W3C Trace Context). */
  beginRequest(name: string, headers: Readonly<Record<string, string | string[] | undefined>>): Span
  /** Begins the span of work inside the gateway; `asks` names the outside system that the work waits for. */
  begin(name: string, attributes: Attributes, asks?: 'database'): Span
  /** Sends the spans that are left, for a bounded time. */
  close(): Promise<void>
}

const isFailure = (error: unknown) =>
  !(error instanceof GatewayError) || error.is('unavailable') || error.is('internal')

/** Runs work in a span, and ends it with the work. The span gets only the code of an error: messages quote values. */
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
