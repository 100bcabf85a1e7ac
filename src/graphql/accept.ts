import type { onRequestHookHandler } from 'fastify'
import { GatewayError } from '../domain/errors.ts'

const answeredTypes = new Set(['*/*', 'application/*', 'application/json', 'application/graphql-response+json'])

/**
 * Whether Yoga will find a type to answer in; it looks only once it has executed. Its event streams and multipart
 * answers are not offered: nothing here comes in parts.
 */
function isAnswerable(accept: string): boolean {
  return accept.split(',').some((range) => {
    const [type = '', ...parameters] = range.replace(/\s/g, '').toLowerCase().split(';')
    const charset = parameters.find((parameter) => parameter.includes('charset='))
    return answeredTypes.has(type) && (charset === undefined || charset === 'charset=utf-8')
  })
}

/** Refuses with 406 before anything is executed. */
export const negotiate: onRequestHookHandler = ({ headers: { accept } }, _reply, done) =>
  done(!accept || isAnswerable(accept) ? undefined : new GatewayError('notAcceptable'))
