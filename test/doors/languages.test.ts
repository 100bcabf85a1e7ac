import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { UpdateClientConnectionDocument } from '../../src/client/documents/graphql.ts'
import { bearer, type Fixture, startTestGateway, type TestGateway, writer } from '../support/gateway.ts'
import { translationsIn, withoutTranslations } from '../support/translations.ts'

let gateway: TestGateway
let fixture: Fixture
let token: string
beforeAll(async () => {
  gateway = await startTestGateway()
  fixture = await gateway.connection()
  token = gateway.issuer.mint(writer(fixture.clientId))
})
afterAll(() => gateway.close())

const requestId = randomUUID()
const asking = (language: string | undefined) => ({
  'x-request-id': requestId,
  ...(language !== undefined && { 'accept-language': language }),
})

/** An update with a fragment through each door. */
const invalid = {
  REST: (language?: string) =>
    gateway.patch(fixture.path, { redirect_uri: 'https://after.example.ua/#' }, token, { headers: asking(language) }),
  GRAPHQL: (language?: string) => {
    const { clientId, connectionId } = fixture
    const input = { clientId, connectionId, redirectUri: 'https://after.example.ua/#' }
    return gateway.graphql(UpdateClientConnectionDocument, { input }, token, { headers: asking(language) })
  },
}
const doors = ['REST', 'GRAPHQL'] as const

const nothingWasSaved = {
  locale: 'uk',
  message: 'Нічого не збережено: деякі значення неправильні. Виправте їх і спробуйте ще раз.',
}
const noFragment = {
  locale: 'uk',
  message: 'Фрагмент (# і все після нього) не дозволено. Приберіть його разом із символом #.',
}

test('REST translates the message and each rule, beside the texts of the specification', async () => {
  const answer = await invalid.REST('uk')
  expect(answer.headers).toMatchObject({ vary: 'Accept-Language' })
  expect(answer.headers).not.toHaveProperty('content-language')
  expect(answer.json().error).toEqual({
    type: 'validation_failed',
    message: 'Validation failed',
    localized: nothingWasSaved,
    invalid: [
      {
        entry_type: 'json_data_property',
        entry: '$.redirect_uri',
        rules: [
          {
            rule: 'format',
            description: 'a fragment is not allowed, not even an empty one',
            params: { reason: 'fragment' },
            raw_description: 'a fragment is not allowed, not even an empty one',
            localized: noFragment,
          },
        ],
      },
    ],
  })
})

test('GraphQL translates the message and each input error, beside the texts of the specification', async () => {
  const answer = await invalid.GRAPHQL('uk')
  expect(answer.headers).toMatchObject({ vary: 'Accept-Language' })
  const [{ message, extensions }] = answer.json().errors
  expect({ message, extensions }).toEqual({
    message: 'Validation failed',
    extensions: {
      code: 'UNPROCESSABLE_ENTITY',
      status: 422,
      exception: {
        inputErrors: [
          {
            message: 'a fragment is not allowed, not even an empty one',
            options: {
              id: 'fragment',
              rule: 'format',
              params: { reason: 'fragment' },
              rawDescription: 'a fragment is not allowed, not even an empty one',
            },
            path: ['redirectUri'],
            localized: noFragment,
          },
        ],
      },
      localized: nothingWasSaved,
    },
  })
})

describe.each(doors)('%s', (door) => {
  test.each([
    ['uk', 'uk'],
    ['en', 'en'],
    ['UK-ua', 'uk'],
    ['uk-Cyrl-UA', 'uk'],
    ['en-GB, uk;q=0.9', 'en'],
    ['de, uk;q=0.2, en;q=0.1', 'uk'],
    ['en;q=0.3,\tuk-UA ; q=0.7', 'uk'],
    ['en;q=0.5, uk;q=0.5', 'en'],
    ['uk;q=0, en;q=0.001', 'en'],
    [', uk, ,', 'uk'],
    ['*;q=0.5, uk;q=0.001', 'uk'],
  ])('Accept-Language: %s is answered in %s', async (language, locale) => {
    const answer = await invalid[door](language)
    expect(translationsIn(answer.body).map((translation) => translation.locale)).toEqual([locale, locale])
    expect(withoutTranslations(answer.body)).toBe((await invalid[door]()).body)
  })

  test.each([
    ['nothing', ''],
    ['the range of everything', '*'],
    ['a language that is not spoken', 'fr-FR, de;q=0.9'],
    ['a language that only begins like one', 'ukr, english'],
    ['a refused language', 'uk;q=0'],
    ['a refused language with a country', 'uk-UA, uk;q=0'],
    ['an underscore', 'uk_UA'],
    ['a weight above 1', 'uk;q=2'],
    ['a weight that is no number', 'uk;q=high'],
    ['a weight twice', 'uk;q=1;q=1'],
    ['NUL', 'uk\0'],
    ['a subtag that is too long', 'uk-abcdefghi'],
    ['10 kB that name Ukrainian first', `uk, ${'a'.repeat(10_000)}`],
    ['1,000 ranges with Ukrainian', `uk${', de'.repeat(1_000)}`],
    ['blanks without end', `uk${' '.repeat(9_000)}`],
    ['commas without end', `${','.repeat(9_000)}uk`],
    ['text of another kind', '<script>uk</script>'],
  ])('%s adds nothing', async (_name, language) => {
    const [answer, plain] = [await invalid[door](language), await invalid[door]()]
    expect([answer.statusCode, answer.body]).toEqual([plain.statusCode, plain.body])
    expect(answer.headers).not.toHaveProperty('vary')
  })

  test('200 random headers never change a byte beside the translations, and are answered quickly', async () => {
    const plain = (await invalid[door]()).body
    const pieces = ['uk', 'en', '*', ';q=', '0.5', '1.', ',', ' ', '-', '\t', 'x'.repeat(300), '"', '=', '\u00e4']
    for (let number = 0; number < 200; number++) {
      const length = number % 40
      const header = Array.from({ length }, (_, place) => pieces[(number * 7 + place * place * 3) % pieces.length])
      const answer = await invalid[door](header.join(''))
      expect([answer.statusCode, withoutTranslations(answer.body)]).toEqual([door === 'REST' ? 422 : 200, plain])
    }
  })
})

const send = (method: 'GET' | 'POST' | 'PATCH', url: string, more: Record<string, string> = {}, payload?: string) =>
  gateway.app.inject({
    method,
    url,
    headers: { ...bearer(token), ...asking('uk'), ...more },
    ...(payload !== undefined && { payload }),
  })
const json = { 'content-type': 'application/json' }

test.each<[string, () => ReturnType<typeof send>, number, string]>([
  ['401', () => send('GET', '/api/clients', { authorization: 'Bearer x' }), 401, 'Увійдіть ще раз'],
  ['401 of GraphQL', () => send('POST', '/graphql', { authorization: '', ...json }, '{}'), 401, 'Увійдіть ще раз'],
  ['404 of a path', () => send('GET', '/nowhere'), 404, 'За цією адресою нічого немає'],
  ['405', () => send('PATCH', '/api/clients', json, '{}'), 405, 'Ця адреса не підтримує такого методу'],
  ['405 of GraphQL', () => send('PATCH', '/graphql', json, '{}'), 405, 'Запити приймаються лише методом POST'],
  ['406', () => send('GET', fixture.path, { accept: 'text/html' }), 406, 'Шлюз відповідає лише у форматі JSON'],
  [
    '406 of GraphQL',
    () => send('POST', '/graphql', { accept: 'image/png', ...json }, '{}'),
    406,
    'лише у форматі JSON',
  ],
  ['413', () => send('PATCH', fixture.path, json, `"${'a'.repeat(70_000)}"`), 413, 'Запит завеликий'],
  ['413 of GraphQL', () => send('POST', '/graphql', json, `"${'a'.repeat(110_000)}"`), 413, 'Запит завеликий'],
  ['415', () => send('PATCH', fixture.path, { 'content-type': 'text/plain' }, 'x'), 415, 'невідомий формат'],
  ['400 of a body', () => send('PATCH', fixture.path, json, '{'), 400, 'Тіло запиту не є правильним JSON'],
  ['400 of GraphQL', () => send('POST', '/graphql', json, '{'), 400, 'Тіло запиту не є правильним JSON'],
  ['400 of a header', () => send('GET', fixture.path, { 'if-none-match': 'x' }), 400, 'Заголовок If-None-Match не є'],
  ['400 of a path', () => send('GET', '/api/clients/%'), 400, 'Програма надіслала запит, який неможливо прочитати'],
])('a refusal outside of operations is translated: %s', async (_name, request, status, sentence) => {
  const answer = await request()
  expect(answer.statusCode).toBe(status)
  expect(answer.headers).toMatchObject({ vary: 'Accept-Language' })
  expect(translationsIn(answer.body)).toEqual([{ locale: 'uk', message: expect.stringContaining(sentence) }])
})

const types = ['application/json', 'application/graphql-response+json']
describe.each([
  ['the hot path', {}],
  ['the full pipeline', { unknownParameter: null }],
])('through %s', (_path, more) => {
  const ask = (query: string, accept: string, variables = {}) =>
    send('POST', '/graphql', { accept, ...json }, JSON.stringify({ query, variables, ...more }))

  test.each(types)('a document that cannot be executed is explained, as %s', async (type) => {
    for (const [query, sentence] of [
      ['{', 'Запит GraphQL неможливо розібрати. Виправте його синтаксис.'],
      ['{ nothing }', 'Запит GraphQL не відповідає схемі. Виправте поля та аргументи.'],
      [
        `{ ${Array.from({ length: 16 }, (_, number) => `a${number}: __typename`).join(' ')} }`,
        'У запиті більше ніж 15 псевдонімів. Розділіть його на кілька запитів.',
      ],
      ['query ($a: ID!) { client(id: $a) { id } }', 'Запит GraphQL або його змінні неможливо виконати. Виправте їх.'],
    ] as const) {
      const answer = await ask(query, type)
      expect(translationsIn(answer.body)).toEqual([{ locale: 'uk', message: sentence }])
      expect(answer.headers).toMatchObject({ vary: 'Accept-Language', 'content-type': `${type}; charset=utf-8` })
    }
  })

  test.each(types)('each error of a result is translated at its place, as %s', async (type) => {
    const query = `{ a: client(id: "${randomUUID()}") { id } viewer { clientId } }`
    const answer = await ask(query, type)
    expect(answer.json()).toMatchObject({
      data: { a: null, viewer: { clientId: fixture.clientId } },
      errors: [{ path: ['a'], locations: [{ line: 1, column: 3 }], extensions: { localized: { locale: 'uk' } } }],
    })
  })

  test('a result without errors does not vary by language', async () => {
    const answer = await ask('{ viewer { clientId } }', 'application/json')
    expect(answer.json()).toEqual({ data: { viewer: { clientId: fixture.clientId } }, extensions: { requestId } })
    expect(answer.headers).not.toHaveProperty('vary')
  })
})

test('redirectUriCheck says its messages in the language of the argument', async () => {
  const { clientId, connectionId } = fixture
  const query = `query ($clientId: ID!, $connectionId: ID!) {
    redirectUriCheck(clientId: $clientId, connectionId: $connectionId, redirectUri: "https://аb.example.ua/#") {
      violations { message uk: message(locale: UK) en: message(locale: EN) }
      warnings { id message uk: message(locale: UK) en: message(locale: EN) }
    }
  }`
  const answer = await gateway.graphql(query, { clientId, connectionId }, token)
  const { violations, warnings } = answer.json().data.redirectUriCheck
  expect(violations).toEqual([
    {
      message: 'a fragment is not allowed, not even an empty one',
      uk: noFragment.message,
      en: 'A fragment (# and all behind it) is not allowed. Remove it together with the #.',
    },
  ])
  expect(warnings).toContainEqual({
    id: 'mixed_alphabets',
    message: 'a label of the host mixes alphabets: Cyrillic, Latin',
    uk: 'У частині імені хоста змішано літери різних абеток: кирилиця, латиниця. Перевірте, чи це не підробка.',
    en: 'A part of the host mixes letters of several alphabets: Cyrillic, Latin. Is it a look-alike?',
  })
})

test('429 and 503 are translated, with the seconds to wait', async () => {
  const limited = await startTestGateway({ WRITE_LIMIT_PER_MINUTE: '3', DATABASE_LOCK_TIMEOUT_MS: '100' })
  const { clientId, connectionId, path } = await limited.connection()
  const own = limited.issuer.mint(writer(clientId))
  const headers = asking('uk')
  const rest = () => limited.patch(path, { redirect_uri: 'https://after.example.ua/' }, own, { headers })
  const input = { clientId, connectionId, redirectUri: 'https://after.example.ua/' }
  const graphql = () => limited.graphql(UpdateClientConnectionDocument, { input }, own, { headers })
  const sentences = async () => [
    (await rest()).json().error.localized.message,
    (await graphql()).json().errors[0].extensions.localized.message,
  ]
  const waiting = (beginning: string) =>
    expect.stringMatching(new RegExp(`^${beginning} Спробуйте ще раз через \\d+ секунд[уи]?\\.$`))

  const release = await limited.database.lockConnection(connectionId)
  const unavailable = waiting('Сервіс тимчасово недоступний\\.')
  expect(await sentences()).toEqual([unavailable, unavailable])
  await release()
  expect((await rest()).statusCode).toBe(200)
  const tooMany = waiting('Забагато запитів\\.')
  expect(await sentences()).toEqual([tooMany, tooMany])
  await limited.close()
})
