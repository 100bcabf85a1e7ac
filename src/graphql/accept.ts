import type { FastifyRequest } from 'fastify'
import { negotiationHook, preferredType } from '../server/negotiation.ts'

/** What this door answers in. Yoga's event streams and multipart answers are not offered: nothing comes in parts. */
const answeredTypes = ['application/json', 'application/graphql-response+json'] as const

/** Refuses with 406 before anything is executed. */
export const negotiate = negotiationHook(answeredTypes)

/** The type that a request is answered in. */
export const answeredTypeOf = ({ headers: { accept } }: FastifyRequest) =>
  preferredType(accept, answeredTypes) ?? answeredTypes[0]
