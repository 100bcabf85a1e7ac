import { getOperationAST } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { inSpan, type Tracing } from '../observability/tracing.ts'
import { nameOfRootField } from './operation-name.ts'

/** Runs the execution of each operation in a span. */
export function traceExecution(tracing: Tracing): Plugin {
  return {
    onExecute({ args, executeFn, setExecuteFn }) {
      const operation = getOperationAST(args.document, args.operationName)
      if (!operation) return
      const attributes = { 'graphql.operation.type': operation.operation }
      const name = `${operation.operation} ${nameOfRootField(operation) ?? ''}`.trim()
      setExecuteFn((given) => inSpan(tracing.begin(name, attributes), () => executeFn(given)))
    },
  }
}
