import type { FastifyRequest, onRequestHookHandler } from 'fastify'
import { HttpRefusal } from '../server/http-refusals.ts'
import { preferredType } from '../server/negotiation.ts'

/** The media types of answers. Yoga's event streams and multipart answers are not offered: no answer has parts. */
const answeredTypes = ['application/json', 'application/graphql-response+json'] as const

export type AnsweredType = (typeof answeredTypes)[number]

declare module 'fastify' {
  interface FastifyRequest {
    /** The choice from `Accept`; null: the client accepts no type of ours; undefined: not chosen yet. */
    chosenType: AnsweredType | null | undefined
  }
}

/** Chooses when it is asked first, so that a request which fails early costs no more. */
function chosenTypeOf(request: FastifyRequest): AnsweredType | null {
  if (request.chosenType === undefined) request.chosenType = preferredType(request.headers.accept, answeredTypes)
  return request.chosenType
}

/** Refuses with 406, before anything is executed, a client that accepts none of the types. */
export const negotiate: onRequestHookHandler = (request, _reply, done) =>
  done(chosenTypeOf(request) === null ? new HttpRefusal('notAcceptable', { part: { header: 'Accept' } }) : undefined)

/** The type of the answer to a request. A client that accepts no type of ours gets the usual one. */
export const answeredTypeOf = (request: FastifyRequest): AnsweredType => chosenTypeOf(request) ?? answeredTypes[0]

/** The `Content-Type` header of an answer. */
export const contentTypeOf = (type: AnsweredType): string => `${type}; charset=utf-8`
