import { type DocumentNode, getOperationAST } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { inSpan, type Tracing } from '../observability/tracing.ts'
import { nameOfRootField } from './operation-name.ts'

interface Execution {
  readonly document: DocumentNode
  readonly operationName?: string | null | undefined
}

/** The same execution, with a span for each operation. */
export function traced<Args extends Execution, Result>(
  tracing: Tracing,
  execute: (args: Args) => Result | Promise<Result>,
): (args: Args) => Result | Promise<Result> {
  return (args) => {
    const operation = getOperationAST(args.document, args.operationName)
    if (!operation) return execute(args)
    const name = `${operation.operation} ${nameOfRootField(operation) ?? ''}`.trim()
    return inSpan(tracing.begin(name, { 'graphql.operation.type': operation.operation }), () => execute(args))
  }
}

/** Makes Yoga run each execution in a span. */
export const traceExecution = (tracing: Tracing): Plugin => ({
  onExecute: ({ executeFn, setExecuteFn }) => setExecuteFn(traced(tracing, executeFn)),
})
