import { initContextCache } from '@pothos/core'
import { RequestCache } from '@pothos/plugin-scope-auth'
import type { Call } from '../domain/call.ts'
import { GatewayError } from '../domain/errors.ts'
import { type OperationName, operationRules } from '../domain/operation-rules.ts'
import type { Operations } from '../domain/operations.ts'
import type { Permit, Subject } from '../domain/permit.ts'
import type { GraphQLContext } from './context.ts'

/** The permit that a guard asks for before the resolver of its field runs. */
export interface PermitRequest {
  readonly operation: OperationName
  readonly subject: Subject
  /**
   * The field's arguments. graphql-js makes a new object for each execution of a field, so the object identifies it.
   */
  readonly args: object
}

/** The guard of a field that runs one operation. Scope-auth calls it; other code reads its members. */
export interface PermitGuard<Parent, Args extends object> {
  (parent: Parent, args: Args): { permit: PermitRequest }
  readonly operation: OperationName
  /** Throws for arguments that the operation would refuse, before the mutation above the field writes. */
  readonly check?: ((args: Args, operations: Operations) => void) | undefined
}

/**
 * Makes the guard of a field from an operation. The resolver then takes the permit from `context.permits`.
 * @param subjectOf gives the client, and the connection, that the operation acts on
 * @param check throws the same refusal as `run` for the field's arguments. A field with arguments in the payload of a
 *   mutation needs it.
 */
export function permitted<Parent, Args extends object>(
  operation: OperationName,
  subjectOf: (parent: Parent, args: Args) => Subject = () => ({}),
  check?: (args: Args, operations: Operations) => void,
): PermitGuard<Parent, Args> {
  const guard = (parent: Parent, args: Args) => ({ permit: { operation, subject: subjectOf(parent, args), args } })
  return Object.assign(guard, { operation, check })
}

/** The guard in a field's Pothos options; undefined: the field has none. */
export function guardOf(pothosOptions: unknown): PermitGuard<unknown, object> | undefined {
  // Only `permitted` sets this option.
  return ((pothosOptions ?? {}) as { authScopes?: PermitGuard<unknown, object> }).authScopes
}

/** The sentence about access in the description of a field. */
export function accessSentence(guard: PermitGuard<unknown, object> | undefined): string {
  if (guard === undefined) return 'No further scope.'
  const { scope, ofClient, ofSubscription, adminOnly } = operationRules[guard.operation]
  if (scope === null) return 'Needs a valid access token and no scope.'
  if (adminOnly) return `Needs the scope \`${scope}\` and an admin type.`
  const isOwn = ofClient || ofSubscription
  return `Needs the scope \`${scope}\`${isOwn ? '; own client only, unless the caller is of an admin type' : ''}.`
}

/** The permits of one request. Guards ask for them, and resolvers take them. */
export class RequestPermits {
  readonly #operations: Operations
  readonly #call: Call
  readonly #onOperation: (operation: OperationName) => void
  readonly #given = new Map<object, Permit>()

  /** @param onOperation gets the name of each operation that a guard asks for */
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
    const { clientId = '', connectionId = '', subscriptionId = '' } = subject
    const given = this.#operations[operation].permit(this.#call, { clientId, connectionId, subscriptionId })
    return given instanceof Promise ? given.then(keep) : keep(given)
  }

  /** The permit that the field's guard got. A resolver whose guard did not run has no permit, so no operation runs. */
  of(args: object): Permit {
    const permit = this.#given.get(args)
    if (permit === undefined) throw new GatewayError('internal', {}, new Error('a resolver ran without its guard'))
    return permit
  }
}

/** The guards that a field can declare, as scope-auth wants them. */
export const guardsOf = ({ permits }: GraphQLContext) => ({
  permit: (request: PermitRequest) => permits.ask(request),
})

/** The key under which scope-auth keeps its answers for a request. Copies of the context share it: Yoga makes one. */
export const scopesKey = initContextCache

/**
 * Makes scope-auth forget a request that has its answer. Otherwise its WeakMap keeps the request until a full garbage
 * collection (docs/decisions/0044-requests-are-garbage-at-once.md).
 */
export const forgetScopes = (context: GraphQLContext): void => RequestCache.clearForContext(context)
