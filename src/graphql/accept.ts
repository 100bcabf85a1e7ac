import type { FastifyRequest, onRequestHookHandler } from 'fastify'
import { HttpRefusal } from '../server/http-refusals.ts'
import { preferredType } from '../server/negotiation.ts'
import { rememberHeader } from '../server/remembered-headers.ts'

/** The media types of answers. The gateway does not offer Yoga's event streams and multipart answers. */
const answeredTypes = ['application/json', 'application/graphql-response+json'] as const

const chooseType = rememberHeader((accept) => preferredType(accept, answeredTypes))

export type AnsweredType = (typeof answeredTypes)[number]

declare module 'fastify' {
  interface FastifyRequest {
    /** The type chosen by `Accept`; null: the client accepts none of the types; undefined: not chosen yet. */
    chosenType: AnsweredType | null | undefined
  }
}

/** Chooses the type at the first call, so that a request that fails earlier does not pay for it. */
function chosenTypeOf(request: FastifyRequest): AnsweredType | null {
  if (request.chosenType === undefined) request.chosenType = chooseType(request.headers.accept ?? '')
  return request.chosenType
}

/** Refuses a client that accepts none of the types with 406, before any execution. */
export const negotiate: onRequestHookHandler = (request, _reply, done) =>
  done(chosenTypeOf(request) === null ? new HttpRefusal('notAcceptable', { part: { header: 'Accept' } }) : undefined)

/** The type of the answer to a request. A client that accepts none of the types gets `application/json`. */
export const answeredTypeOf = (request: FastifyRequest): AnsweredType => chosenTypeOf(request) ?? answeredTypes[0]

/** The `Content-Type` header of an answer. */
export const contentTypeOf = (type: AnsweredType): string => `${type}; charset=utf-8`
