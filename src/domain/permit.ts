import type { Call, Door } from './call.ts'
import type { Caller } from './caller.ts'
import { GatewayError } from './errors.ts'
import { type OperationName, operationRules } from './operation-rules.ts'
import type { Policy } from './policy.ts'
import { foldUuid } from './uuid.ts'
import type { Allowance, WriteLimit } from './write-limit.ts'

/** The subject of an operation, by the ids that the caller sent. The permit folds capitals of UUIDs. */
export interface Subject {
  /** Of an operation on one client. */
  readonly clientId?: string
  /** Of an operation on one connection of that client. */
  readonly connectionId?: string
}

/**
 * The proof that a caller may run one operation on one subject. Only `Permits` makes it; `run` of an operation takes
 * nothing else as proof, and takes client and connection from it, never from its input.
 */
export interface Permit {
  readonly operation: OperationName
  /** The client that is acted on; empty where the operation is on no single client. */
  readonly clientId: string
  /** The connection that is acted on; empty where the operation is on no single connection. */
  readonly connectionId: string
  readonly caller: Caller
  readonly door: Door
  readonly requestId: string
  /** What is left of the caller's writes; null: not a write, or no limit. */
  readonly allowance: Allowance | null
}

/** The one maker of permits. */
export interface Permits {
  /**
   * Asks the policy, then counts a write. A caller without the right is not counted, so that nobody uses up the writes of
   * somebody else. At once where no other machine has to be asked.
   * @throws GatewayError `accessDenied`, `invalidScopes`, `forbidden`, `unavailable` or `tooManyRequests`
   */
  give(call: Call, operation: OperationName, subject?: Subject): Permit | Promise<Permit>
  /**
   * The permit, after the caller has been confirmed and the policy asked again if that has changed the caller. Counts
   * nothing.
   * @throws Error for anything but a permit of this operation from here: a fault of ours
   * @throws GatewayError `accessDenied`, `invalidScopes`, `forbidden` or `unavailable`
   */
  confirm(permit: Permit, operation: OperationName): Permit | Promise<Permit>
}

export interface PermitsDeps {
  readonly policy: Pick<Policy, 'authorize'>
  /** null: no limit. */
  readonly writeLimit: WriteLimit | null
}

type Named = Pick<Permit, 'operation' | 'clientId' | 'connectionId'>

/** Makes the one maker of permits. */
export function createPermits({ policy, writeLimit }: PermitsDeps): Permits {
  /** Not exported: no other code can construct one. */
  class GivenPermit implements Permit {
    readonly #call: Call
    readonly operation: OperationName
    readonly clientId: string
    readonly connectionId: string
    readonly caller: Caller
    readonly door: Door
    readonly requestId: string
    allowance: Allowance | null

    constructor(call: Call, { operation, clientId, connectionId }: Named, allowance: Allowance | null) {
      const { scope, ofClient } = operationRules[operation]
      this.#call = call
      this.operation = operation
      this.clientId = clientId
      this.connectionId = connectionId
      this.caller = policy.authorize(call, scope, ofClient ? clientId : null)
      this.door = call.door
      this.requestId = call.requestId
      this.allowance = allowance
    }

    static isOne(value: unknown): value is GivenPermit {
      return typeof value === 'object' && value !== null && #call in value
    }

    confirmed(): Permit | Promise<Permit> {
      const ask = (call: Call): Permit => (call === this.#call ? this : new GivenPermit(call, this, this.allowance))
      const call = this.#call.confirmed()
      return call instanceof Promise ? call.then(ask) : ask(call)
    }
  }

  return {
    give(call, operation, { clientId = '', connectionId = '' } = {}) {
      const named = { operation, clientId: foldUuid(clientId), connectionId: foldUuid(connectionId) }
      const permit = new GivenPermit(call, named, null)
      if (writeLimit === null || !operationRules[operation].isWrite) return permit
      const allow = (allowance: Allowance) => {
        permit.allowance = allowance
        return permit
      }
      const counted = writeLimit(permit.caller)
      return counted instanceof Promise ? counted.then(allow) : allow(counted)
    },
    confirm(permit, operation) {
      if (!GivenPermit.isOne(permit) || permit.operation !== operation)
        throw new GatewayError('internal', {}, new Error(`${operation} was run without its permit`))
      return permit.confirmed()
    },
  }
}
