import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { demo } from '../../prisma/seed-data.ts'
import type { Locale } from '../../src/messages/format.ts'
import { isWithoutBrowser, patience, useConsole } from './support/console.ts'
import { table, violatingValues, warningValues } from './support/judged-values.ts'
import { type ConnectionKey, connectionPath, type Person } from './support/person.ts'
import { measureVerdicts, verdictTimes } from './support/verdict-times.ts'

// The console says what will happen before Save.

const key: ConnectionKey = { clientId: demo.msp.clientId, connectionId: demo.changed.connectionId }
/** Warnings that a person need not confirm: another path or query is the purpose of a change. */
const notConfirmed = ['path_changed', 'query_changed', 'stored_http']

const check = `query ($clientId: ID!, $connectionId: ID!, $redirectUri: String!, $locale: Locale!) {
  redirectUriCheck(clientId: $clientId, connectionId: $connectionId, redirectUri: $redirectUri) {
    violations { id message(locale: $locale) }
    warnings { id message(locale: $locale) }
  }
}`

interface Point {
  readonly id: string
  readonly message: string
}

/** Does something with each item, a few at a time. Answers how many there were. */
async function inChunks<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<number> {
  for (let start = 0; start < items.length; start += 8) await Promise.all(items.slice(start, start + 8).map(work))
  return items.length
}

describe.skipIf(isWithoutBrowser())('a person who types a redirect URI', patience, () => {
  const at = useConsole({ GRAPHQL_DOCUMENTS: 'any' })
  let token: string
  beforeAll(async () => {
    token = await at.token()
  })

  /** The gateway's verdict, in the order in which the console has to show it. */
  async function judge(redirectUri: string, locale: Locale): Promise<{ violations: Point[]; warnings: Point[] }> {
    const variables = { ...key, redirectUri, locale: locale.toUpperCase() }
    const response = await fetch(`${at.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ query: check, variables }),
    })
    const { violations, warnings } = (await response.json()).data.redirectUriCheck
    const confirmed = warnings.filter(({ id }: Point) => !notConfirmed.includes(id))
    return { violations, warnings: violations.length > 0 ? [] : confirmed }
  }

  const texts = (points: readonly Point[]) => points.map(({ message }) => message)
  const stored = async () =>
    (
      await at.database.query<{ uri: string }>('SELECT redirect_uri AS uri FROM connections WHERE id = $1', [
        key.connectionId,
      ])
    )[0]?.uri

  async function atConnection(language: Locale): Promise<Person> {
    const person = await at.newcomer({ language })
    await measureVerdicts(person.page)
    await person.page.goto(at.url + connectionPath(key))
    await person.page.getByRole('button').first().waitFor()
    await person.signsInAtIssuer()
    await person.field.waitFor()
    return person
  }

  const violating = violatingValues()
  const values = [
    ...new Set([...violating.values(), ...Object.values(warningValues), ...table.filter((v) => v.length < 60)]),
  ].slice(0, 40)

  for (const language of ['uk', 'en'] as const) {
    test(`reads each reason in words of its own, before Save: ${language}`, async () => {
      const person = await atConnection(language)
      const seen = new Map<string, string>()
      const local: number[] = []
      const gateway: number[] = []
      expect(values).toHaveLength(40)
      for (const value of values) {
        const { violations, warnings } = await judge(value, language)
        await person.field.fill(value)
        const times = await verdictTimes(person.page)
        local.push(times.local)
        gateway.push(times.gateway)
        await expect.poll(() => person.violations.allTextContents(), { message: value }).toEqual(texts(violations))
        await expect.poll(() => person.warnings.allTextContents(), { message: value }).toEqual(texts(warnings))
        for (const { id, message } of [...violations, ...warnings]) seen.set(id, message)
      }
      expect([...seen.keys()].sort()).toEqual([...new Set([...violating.keys(), ...Object.keys(warningValues)])].sort())
      expect(new Set(seen.values()).size).toBe(seen.size)
      const largest = (numbers: readonly number[]) => Math.round(Math.max(...numbers))
      process.stdout.write(
        `Verdict (${language}): ${values.length} values; slowest by the browser's rules ${largest(local)} ms ` +
          `and by the gateway ${largest(gateway)} ms after the last key.\n`,
      )
    })
  }

  test('gets the same verdict from the browser as from the gateway, for every row of the table', async () => {
    const person = await atConnection('uk')
    const shown = await person.field.evaluate(
      async (input: HTMLInputElement, rows: readonly (readonly number[])[]) => {
        const form = input.form as HTMLFormElement
        const listed = (kind: string) =>
          [...form.querySelectorAll(`.verdict.${kind} li`)].map(({ textContent }) => textContent)
        const verdicts = []
        for (const codes of rows) {
          input.value = String.fromCharCode(...codes)
          input.dispatchEvent(new InputEvent('input', { bubbles: true }))
          await new Promise((drawn) => setTimeout(drawn))
          // The field drops line breaks, as a paste into it does, so the verdict is about the rest.
          const typed = Array.from({ length: input.value.length }, (_, index) => input.value.charCodeAt(index))
          verdicts.push({ typed, violations: listed('bad'), warnings: listed('warning') })
        }
        return verdicts
      },
      table.map((value) => Array.from({ length: value.length }, (_, index) => value.charCodeAt(index))),
    )
    const before = await stored()
    const judged = await inChunks(
      shown.filter(({ typed }) => String.fromCharCode(...typed) !== before),
      async ({ typed, violations, warnings }) => {
        const value = String.fromCharCode(...typed)
        const verdict = await judge(value, 'uk')
        expect({ value, violations, warnings }).toEqual({
          value,
          violations: texts(verdict.violations),
          warnings: texts(verdict.warnings),
        })
      },
    )
    expect(judged).toBeGreaterThan(400)
  })

  test('cannot save a value that breaks a rule: the field is marked, has the focus, and nothing is sent', async () => {
    const person = await atConnection('uk')
    const before = await stored()
    await person.field.fill('https://localhost/cb#x')
    await person.button('console.editor.save').click()
    await expect.poll(() => person.field.getAttribute('aria-invalid')).toBe('true')
    const described = await person.field.evaluate((input) =>
      (input.getAttribute('aria-describedby') ?? '')
        .split(' ')
        .map((id) => document.getElementById(id)?.textContent ?? null),
    )
    const { violations } = await judge('https://localhost/cb#x', 'uk')
    expect(violations.map(({ id }) => id)).toEqual(['fragment', 'host_one_label', 'host_localhost'])
    for (const { message } of violations) expect(described.join(' ')).toContain(message)
    await expect.poll(() => person.field.evaluate((input) => input === document.activeElement)).toBe(true)
    await person.field.press('Enter')
    await person.page
      .getByRole('status')
      .filter({ hasText: person.say('console.editor.refused', { count: 3 }) })
      .waitFor({ state: 'attached' })
    expect(person.writes).toEqual([])
    expect(await stored()).toBe(before)
  })

  test('confirms a warning before Save: without the tick nothing is sent', async () => {
    const person = await atConnection('uk')
    const another = `https://${randomUUID()}.example.ua/cb`
    await person.field.fill(`${another}first`)
    await person.button('console.editor.saveHost').click()
    await expect.poll(() => person.tick.evaluate((box) => box === document.activeElement)).toBe(true)
    expect(person.writes).toEqual([])
    await person.tick.check()
    // Another value needs another confirmation.
    await person.field.fill(another)
    await expect.poll(() => person.tick.isChecked()).toBe(false)
    await person.tick.check()
    await person.button('console.editor.saveHost').click()
    await person.page.getByText(person.say('console.undo.changed')).first().waitFor()
    expect(person.writes).toEqual(['UpdateClientConnection'])
    expect(await stored()).toBe(another)
  })
})
