import type { Call, Door } from './call.ts'
import type { Caller } from './caller.ts'
import { GatewayError } from './errors.ts'
import { type OperationName, operationRules } from './operation-rules.ts'
import type { Policy } from './policy.ts'
import { foldUuid } from './uuid.ts'
import type { Allowance, WriteLimit } from './write-limit.ts'

/** The subject of an operation, by the ids that the caller sent. The permit writes UUIDs in lower case. */
export interface Subject {
  /** Present if the operation acts on one client. */
  readonly clientId?: string
  /** Present if the operation acts on one connection of that client. */
  readonly connectionId?: string
  /** Present if the operation acts on one subscription of events. */
  readonly subscriptionId?: string
}

/**
 * The proof that a caller may run one operation on one subject. Only `Permits` makes it, and `run` accepts no other
 * proof. `run` takes client, connection and subscription from the permit, never from its input.
 */
export interface Permit {
  readonly operation: OperationName
  /** The client that the operation acts on. Empty: the operation acts on no single client. */
  readonly clientId: string
  /** The connection that the operation acts on. Empty: the operation acts on no single connection. */
  readonly connectionId: string
  /** The subscription that the operation acts on. Empty: the operation acts on no single subscription. */
  readonly subscriptionId: string
  readonly caller: Caller
  readonly door: Door
  readonly requestId: string
  /** The number of writes that the caller has left. null: the operation is no write, or writes have no limit. */
  readonly allowance: Allowance | null
}

/** Gives and confirms permits. Nothing else makes them. */
export interface Permits {
  /**
   * Asks the policy, then counts a write. It does not count a caller whom the policy refuses, so that a caller cannot
   * use up the writes of another one. It returns no promise if it need not ask another machine.
   * @throws GatewayError `accessDenied`, `invalidScopes`, `forbidden`, `unavailable` or `tooManyRequests`
   */
  give(call: Call, operation: OperationName, subject?: Subject): Permit | Promise<Permit>
  /**
   * Confirms the caller and returns the permit. It asks the policy again if the caller has changed. It counts nothing.
   * @throws GatewayError `internal` if the value is no permit of this operation: a fault of the gateway
   * @throws GatewayError `accessDenied`, `invalidScopes`, `forbidden` or `unavailable`
   */
  confirm(permit: Permit, operation: OperationName): Permit | Promise<Permit>
}

export interface PermitsDeps {
  readonly policy: Pick<Policy, 'authorize'>
  /** null: no limit. */
  readonly writeLimit: WriteLimit | null
}

type Named = Pick<Permit, 'operation' | 'clientId' | 'connectionId' | 'subscriptionId'>

/** Makes the one object that gives permits. */
export function createPermits({ policy, writeLimit }: PermitsDeps): Permits {
  /** The class is not exported, so no other code can construct a permit. */
  class IssuedPermit implements Permit {
    readonly #call: Call
    readonly operation: OperationName
    readonly clientId: string
    readonly connectionId: string
    readonly subscriptionId: string
    readonly caller: Caller
    readonly door: Door
    readonly requestId: string
    allowance: Allowance | null

    constructor(call: Call, { operation, clientId, connectionId, subscriptionId }: Named, allowance: Allowance | null) {
      const { scope, ofClient, adminOnly } = operationRules[operation]
      this.#call = call
      this.operation = operation
      this.clientId = clientId
      this.connectionId = connectionId
      this.subscriptionId = subscriptionId
      this.caller = policy.authorize(call, scope, ofClient ? clientId : null, adminOnly)
      this.door = call.door
      this.requestId = call.requestId
      this.allowance = allowance
    }

    static isIssued(value: unknown): value is IssuedPermit {
      return typeof value === 'object' && value !== null && #call in value
    }

    confirmed(): Permit | Promise<Permit> {
      const ask = (call: Call): Permit => (call === this.#call ? this : new IssuedPermit(call, this, this.allowance))
      const call = this.#call.confirmed()
      return call instanceof Promise ? call.then(ask) : ask(call)
    }
  }

  return {
    give(call, operation, { clientId = '', connectionId = '', subscriptionId = '' } = {}) {
      const named = {
        operation,
        clientId: foldUuid(clientId),
        connectionId: foldUuid(connectionId),
        subscriptionId: foldUuid(subscriptionId),
      }
      const permit = new IssuedPermit(call, named, null)
      if (writeLimit === null || !operationRules[operation].isWrite) return permit
      const allow = (allowance: Allowance) => {
        permit.allowance = allowance
        return permit
      }
      const counted = writeLimit(permit.caller)
      return counted instanceof Promise ? counted.then(allow) : allow(counted)
    },
    confirm(permit, operation) {
      if (!IssuedPermit.isIssued(permit) || permit.operation !== operation)
        throw new GatewayError('internal', {}, new Error(`${operation} was run without its permit`))
      return permit.confirmed()
    },
  }
}
