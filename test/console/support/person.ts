import type { Locator, Page, Request } from 'playwright-core'
import documents from '../../../src/client/documents/persisted-documents.json' with { type: 'json' }
import { people } from '../../../src/development/sign-in/people.ts'
import type { MessageId } from '../../../src/messages/en.ts'
import type { Format, Locale } from '../../../src/messages/format.ts'

interface PersonOptions {
  readonly id: string
  readonly url: string
  readonly language: Locale
  readonly say: Format
}

/** The names of the mutations, by the ids that the console sends. */
const mutations: ReadonlyMap<string, string> = new Map(
  Object.entries(documents).flatMap(([hash, text]) => {
    const name = /(?:^| )mutation (\w+)/.exec(text)?.[1]
    return name === undefined ? [] : [[hash, name] as const]
  }),
)

/** The name of the mutation that a request asks for, if it asks for one. */
function mutationOf(request: Request): string | undefined {
  const { documentId } = request.url().endsWith('/graphql') ? (request.postDataJSON() ?? {}) : {}
  return mutations.get(documentId)
}

/** The two UUIDs of a connection. */
export interface ConnectionKey {
  readonly clientId: string
  readonly connectionId: string
}

export const connectionPath = ({ clientId, connectionId }: ConnectionKey) =>
  `/console/clients/${clientId}/connections/${connectionId}`

/** A person before a browser. All texts are those of the catalogue, in the person's language. */
export type Person = ReturnType<typeof openPerson>

export function openPerson(page: Page, { id, url, language, say }: PersonOptions) {
  const heading = page.getByRole('heading', { level: 1 })
  const button = (message: MessageId, within: Page | Locator = page) =>
    within.getByRole('button', { name: say(message), exact: true })
  const field = page.getByLabel(say('console.editor.field'), { exact: true })
  const name = people.find((person) => person.id === id)?.name[language] ?? id

  const writes: string[] = []
  page.on('request', (request) => {
    const mutation = mutationOf(request)
    if (mutation !== undefined) writes.push(mutation)
  })

  /** Chooses this person at the issuer, and waits for the console's screen. */
  async function signsInAtIssuer(): Promise<void> {
    await page.getByRole('button', { name }).click()
    await heading.and(page.locator('main#main h1')).waitFor()
  }

  return {
    page,
    say,
    language,
    heading,
    field,
    dialog: page.getByRole('dialog'),
    button,
    /** The violations below the field, in the order of the page. */
    violations: page.locator('form.editor .verdict.bad li'),
    warnings: page.locator('form.editor .verdict.warning li'),
    tick: page.getByRole('checkbox'),
    /** The mutations that the console has sent so far. */
    writes,
    signsInAtIssuer,
    async signsIn(path = '/console/'): Promise<void> {
      await page.goto(url + path)
      await signsInAtIssuer()
    },
    /** Opens an address as a person with a bookmark does: the page loads anew, and signs in without a page. */
    async opens(path: string): Promise<void> {
      await page.goto(url + path)
      await page.locator('main#main h1').waitFor()
    },
    async opensConnection(key: ConnectionKey): Promise<void> {
      await page.goto(url + connectionPath(key))
      await field.waitFor()
    },
    /** Presses the button that saves, whatever its text is, and confirms the warnings before. */
    async saves(): Promise<void> {
      const tick = page.locator('form.editor input[type=checkbox]')
      if (await tick.isVisible()) await tick.check()
      await page.locator('form.editor button[type=submit]').click()
    },
    /** Holds the gateway's answers to writes back until they may arrive. The gateway does the writes at once. */
    async holdsAnswers(): Promise<{ readonly arrive: () => Promise<void> }> {
      const { promise: released, resolve: release } = Promise.withResolvers<void>()
      await page.route('**/graphql', async (route) => {
        const response = await route.fetch()
        if (mutationOf(route.request()) !== undefined) await released
        await route.fulfill({ response })
      })
      return {
        async arrive() {
          release()
          await page.unrouteAll({ behavior: 'wait' })
        },
      }
    },
    /** The element that has the focus, in a word for a failure: its name, role and text. */
    focus: () =>
      page.evaluate(() => {
        const element = document.activeElement
        return element === null || element === document.body
          ? 'body'
          : `${element.localName} ${element.getAttribute('aria-label') ?? element.textContent ?? ''}`.trim()
      }),
  }
}
