import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createSearch } from '../support/hidden-texts.ts'
import { checkRedaction } from '../support/redaction.ts'
import { makeKey, signJws } from '../support/tokens.ts'

// What looks through the log of the whole run when it has ended (test/support/global-setup.ts) has to find something,
// if it is there.

const token = signJws(
  { alg: 'ES256', kid: 'k' },
  { client_id: 'c4a6d45f-2cf2-4e6d-909a-5962604ad63b', scope: 'connection:write' },
  makeKey(),
)
const [header = '', payload = '', signature = ''] = token.split('.')
const secret = `sécret "${randomBytes(9).toString('base64url')}"`
const uri = 'https://шпиталь.example.ua/callback?code=a code'

describe('the search', () => {
  const search = createSearch([token, secret, uri, 'short'])
  const around = (text: string) => `{"level":30,"msg":"${text}"}`

  test.each([
    ['a token', token, token],
    ['its payload', payload, token],
    ['its signature', signature, token],
    ['its header', header, token],
    ['a part of it, as a message that is cut off holds it', token.slice(30, 30 + 47), token],
    ['a secret in JSON', JSON.stringify(secret).slice(1, -1), secret],
    ['a secret as it is', secret, secret],
    ['a secret in a URL', encodeURIComponent(secret), secret],
    ['a URI in a query', encodeURIComponent(uri), uri],
  ])('finds %s', (_name, text, hidden) => {
    expect(search(around(text))).toEqual({ hidden, at: expect.any(Number) })
    expect(search(text)).toEqual({ hidden, at: expect.any(Number) })
    expect(search(around('x'.repeat(1_000)) + text)).not.toBeNull()
  })

  test('the search finds nothing in a clean log', () => {
    for (const text of [
      '',
      around(''),
      around(secret.slice(0, -2)),
      around('short'),
      around(randomBytes(3_000).toString('base64url')),
    ])
      expect(search(text)).toBeNull()
  })
})

describe('the look through the recordings of a run', () => {
  let directory: string
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'mithril-connection-gateway-recordings-'))
    await writeFile(join(directory, 'hidden-1'), `${JSON.stringify(token)}\n${JSON.stringify(secret)}\n`)
    await writeFile(join(directory, 'hidden-2'), `${JSON.stringify(uri)}\n${JSON.stringify(secret)}\n`)
  })
  afterEach(() => rm(directory, { recursive: true, force: true }))

  test('the look says how much it has read', async () => {
    await writeFile(join(directory, 'log-1'), '{"level":30}\n{"level":30}\n')
    await writeFile(join(directory, 'log-2'), '{"level":30}\n')
    expect(await checkRedaction(directory)).toEqual({ lines: 3, hidden: 3 })
  })

  test('the look fails with the line that has leaked', async () => {
    await writeFile(join(directory, 'log-1'), `{"level":30}\n{"cause":"Error: ${signature}"}\n`)
    await expect(checkRedaction(directory)).rejects.toThrow(
      `in 1 of 2 lines:\n  "${token.slice(-100)}" at 17 of\n    {"cause":"Error: ${signature}"}`,
    )
  })
})
