import type { Call } from '../domain/call.ts'
import { GatewayError } from '../domain/errors.ts'
import { type OperationName, operationRules } from '../domain/operation-rules.ts'
import type { Operations } from '../domain/operations.ts'
import type { Permit, Subject } from '../domain/permit.ts'
import type { GraphQLContext } from './context.ts'

/** What a guard asks for, before the resolver of its field runs. */
export interface PermitRequest {
  readonly operation: OperationName
  readonly subject: Subject
  /** The field's arguments: graphql-js makes a new object for each field it executes, so they name the execution. */
  readonly args: object
}

/**
 * The guard of a field whose work is one operation, as scope-auth calls it; with the facts that others read from it.
 */
export interface PermitGuard<Parent, Args extends object> {
  (parent: Parent, args: Args): { permit: PermitRequest }
  readonly operation: OperationName
  /** Refuses arguments that the operation would refuse, before a write whose payload the field belongs to. */
  readonly check?: ((args: Args, operations: Operations) => void) | undefined
}

/**
 * Guards a field by the permit of an operation. The resolver then takes the permit from `context.permits`.
 * @param subjectOf the client, and the connection, that the operation acts on
 * @param check of a field with arguments below the payload of a mutation: throws what `run` would throw for them
 */
export function permitted<Parent, Args extends object>(
  operation: OperationName,
  subjectOf: (parent: Parent, args: Args) => Subject = () => ({}),
  check?: (args: Args, operations: Operations) => void,
): PermitGuard<Parent, Args> {
  const guard = (parent: Parent, args: Args) => ({ permit: { operation, subject: subjectOf(parent, args), args } })
  return Object.assign(guard, { operation, check })
}

/** The guard among the options that Pothos keeps of a field; undefined: the field has none. */
export function guardOf(pothosOptions: unknown): PermitGuard<unknown, object> | undefined {
  const { authScopes } = (pothosOptions ?? {}) as { authScopes?: PermitGuard<unknown, object> } // set by `permitted` only
  return authScopes
}

/** The sentence of a description about access, from the guard of the field. */
export function accessSentence(guard: PermitGuard<unknown, object> | undefined): string {
  if (guard === undefined) return 'No further scope.'
  const { scope, ofClient } = operationRules[guard.operation]
  if (scope === null) return 'Needs a valid access token and no scope.'
  return `Needs the scope \`${scope}\`${ofClient ? '; own client only, unless the caller is of an admin type' : ''}.`
}

/** The permits of one request: guards ask for them, resolvers take them. */
export class RequestPermits {
  readonly #operations: Operations
  readonly #call: Call
  readonly #onOperation: (operation: OperationName) => void
  readonly #given = new WeakMap<object, Permit>()

  /** @param onOperation told of each operation that is asked for */
  constructor(operations: Operations, call: Call, onOperation: (operation: OperationName) => void) {
    this.#operations = operations
    this.#call = call
    this.#onOperation = onOperation
  }

  /**
   * Asks for a permit and keeps it for the resolver.
   * @throws GatewayError as `permit` of the operation
   */
  ask({ operation, subject, args }: PermitRequest): true | Promise<true> {
    this.#onOperation(operation)
    const keep = (permit: Permit): true => {
      this.#given.set(args, permit)
      return true
    }
    const { clientId = '', connectionId = '' } = subject
    const given = this.#operations[operation].permit(this.#call, { clientId, connectionId })
    return given instanceof Promise ? given.then(keep) : keep(given)
  }

  /** The permit that the guard of a field has got. Without its guard a resolver has none, and nothing runs. */
  of(args: object): Permit {
    const permit = this.#given.get(args)
    if (permit === undefined) throw new GatewayError('internal', {}, new Error('a resolver ran without its guard'))
    return permit
  }
}

/** The guards that a field can declare: what scope-auth knows of ours. */
export const loadGuards = ({ permits }: GraphQLContext) => ({
  permit: (request: PermitRequest) => permits.ask(request),
})
