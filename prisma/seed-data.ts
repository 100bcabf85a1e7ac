/**
 * The specification's example client and connection, a connection with a history, and callers of each type, by fixed
 * ids.
 */
export const demo = {
  msp: { clientId: 'c4a6d45f-2cf2-4e6d-909a-5962604ad63b', clientType: 'MSP' },
  mis: { clientId: '25c03af6-69bd-439e-b0dd-f1669b3dbbfd', clientType: 'MIS' },
  pharmacy: { clientId: 'fa12acee-0000-4000-8000-000000000001', clientType: 'PHARMACY' },
  admin: { clientId: 'adadadad-0000-4000-8000-000000000001', clientType: 'MITHRIL ADMIN' },
  nhs: { clientId: '45e00000-0000-4000-8000-000000000001', clientType: 'NHS' },
  connectionId: 'df9f70ee-4b12-4740-b0f5-bb5aea116863',
  redirectUri: 'https://example2.com',
  /**
   * Of the example client too. Its history is made before any other, so on a new database its first change has the
   * number after those of the 200 new connections.
   */
  changed: { connectionId: 'df9f70ee-0000-4000-8000-000000000005', firstChangeId: '201' },
} as const

export interface DemoClient {
  readonly id: string
  readonly type: string
  readonly name: string
  readonly settings: object
  readonly userId: string
  readonly blockReason: string | null
  /** UTC. */
  readonly insertedAt: string
}

export interface DemoConnection {
  readonly id: string
  readonly clientId: string
  readonly consumerId: string
  /** As it was first: its history begins here. */
  readonly redirectUri: string
  /** UTC. */
  readonly insertedAt: string
  readonly history: readonly DemoChange[]
}

/** What happens to a connection after it was made. */
export interface DemoChange {
  /** Null: somebody writes past the gateway, as Mithril does. */
  readonly author: DemoAuthor | null
  /** Null: the redirect URI stays and the secret is replaced. */
  readonly redirectUri: string | null
  /** Whether it takes back the first change of this connection. */
  readonly revertsFirst: boolean
}

export interface DemoAuthor {
  readonly clientId: string
  readonly clientType: string
  readonly userId: string
  readonly door: 'GRAPHQL' | 'REST'
}

const numbered = (prefix: string, number: number) => `${prefix}-0000-4000-8000-${String(number).padStart(12, '0')}`

const owners = [
  'demo@clinic.example',
  'olena@msp.example',
  'taras@msp.example',
  'iryna@pharmacy.example',
  'support@mis.example',
]
/** People who work at Mithril and at the NHS. They own no client of the others. */
const staff = ['bohdan@mithril.example', 'oksana@nhs.example', 'dmytro@nhs.example']
export const users = [...owners, ...staff].map((email, index) => ({ id: numbered('0eb35eab', index + 1), email }))
/** The id of the user with this address. @throws Error if there is none */
export function userIdOf(email: string): string {
  const user = users.find((one) => one.email === email)
  if (user === undefined) throw new Error(`no demo user has the address ${email}`)
  return user.id
}
const userOf = (index: number) => numbered('0eb35eab', (index % owners.length) + 1)

const scope = 'client:read connection:read connection:write connection:refresh_secret connection:delete'
export const clientTypes = [demo.msp, demo.mis, demo.pharmacy, demo.admin, demo.nhs].map(
  ({ clientType: name }, index) => ({
    id: numbered('a0000000', index + 1),
    name,
    scope,
  }),
)

/** Name, town, and the word that stands for it in redirect URIs. */
const clinics = [
  ['Клініка «Борис»', 'Київ', 'borys'],
  ['Центр первинної медико-санітарної допомоги № 1', 'Київ', 'cpmsd1'],
  ['Центр первинної медико-санітарної допомоги № 2', 'Київ', 'cpmsd2'],
  ['Амбулаторія сімейної медицини «Родина»', 'Львів', 'rodyna'],
  ['Клініка «Добрий лікар»', 'Харків', 'dobryi-likar'],
  ['Міська поліклініка № 3', 'Одеса', 'odesa3'],
  ['Дитяча лікарня «Лелека»', 'Дніпро', 'leleka'],
  ['Центральна районна лікарня', 'Бровари', 'brovary'],
  ['Клініка «Медична родина»', 'Полтава', 'medrodyna'],
  ['Обласна клінічна лікарня', 'Вінниця', 'vinnytsia'],
  ['Стоматологія «Усмішка»', 'Чернівці', 'usmishka'],
  ['ФОП Коваленко Марія Іванівна', 'Суми', 'kovalenko'],
  ['Клініка «Джерело»', 'Тернопіль', 'dzherelo'],
  ['Міська лікарня № 5', 'Запоріжжя', 'zp5'],
  ['Пологовий будинок № 2', 'Миколаїв', 'polohovyi2'],
  ['Клініка «Оберіг»', 'Черкаси', 'oberih'],
  ['Амбулаторія «Калина»', 'Умань', 'kalyna'],
  ['Діагностичний центр «Промінь»', 'Житомир', 'promin'],
  ['ФОП Шевченко Андрій Петрович', 'Канів', 'shevchenko'],
  ['Клініка «Здорове серце»', 'Івано-Франківськ', 'sertse'],
  ['Центр реабілітації «Крок»', 'Ужгород', 'krok'],
  ['Міська поліклініка № 7', 'Кривий Ріг', 'kr7'],
  ['Клініка «Віта»', 'Рівне', 'vita'],
  ['Лікарня швидкої допомоги', 'Чернігів', 'shvydka'],
  ['Клініка «Океан»', 'Одеса', 'okean'],
  ['Сімейна медицина «Смерека»', 'Яремче', 'smereka'],
  ['Районна поліклініка', 'Біла Церква', 'bila-tserkva'],
  ['Офтальмологія «Ясний зір»', 'Хмельницький', 'yasnyi-zir'],
  ['Клініка «Мати й дитина»', 'Луцьк', 'maty-i-dytyna'],
  ['ФОП Бондар Оксана Василівна', 'Кропивницький', 'bondar'],
  ['Госпіталь ветеранів', 'Херсон', 'hospital'],
  ['Клініка «Лісова»', 'Ірпінь', 'lisova'],
  ['Амбулаторія «Степова»', 'Мелітополь', 'stepova'],
  ['Клініка «Нова»', 'Кременчук', 'nova'],
] as const

const pharmacies = [
  ['Аптека «Подорожник»', 'Львів', 'podorozhnyk'],
  ['Аптека «Ромашка»', 'Київ', 'romashka'],
  ['Аптека «Доброго дня»', 'Харків', 'dobroho-dnia'],
  ['Аптека № 12', 'Полтава', 'apteka12'],
  ['Аптека «Звіробій»', 'Вінниця', 'zvirobii'],
  ['Мережа аптек «Липа»', 'Одеса', 'lypa'],
  ['Аптека «М’ята»', 'Суми', 'miata'],
  ['Аптека «Календула»', 'Дніпро', 'kalendula'],
  ['Сільська аптека', 'Опішня', 'opishnia'],
  ['Аптека «Шавлія»', 'Луцьк', 'shavliia'],
  ['Цілодобова аптека', 'Рівне', 'tsilodobova'],
  ['Аптека «Чебрець»', 'Черкаси', 'chebrets'],
  ['Аптека «Барвінок»', 'Житомир', 'barvinok'],
] as const

/** Name, and where its sign-in returns to for the client that the word stands for. */
const consumers = [
  ['МІС «Здоров’я»', 'https://zdorovia.example/{word}/oauth/callback'],
  ['МІС «Стара поліклініка»', 'https://stara-poliklinika.example/{word}/oauth/callback'],
  ['МІС «Карта»', 'https://{word}.karta.example/oauth/callback'],
  ['МІС «Лікар онлайн»', 'https://likar.example/oauth/callback?clinic={word}'],
  ['МІС «Медсестра»', 'https://{word}.medsestra.example/oauth/callback'],
  ['МІС «Рецепт»', 'https://recept.example:8443/{word}/oauth/callback'],
  ['МІС «Пульс»', 'https://{word}.puls.example/oauth/callback'],
  ['МІС «Електронна картка»', 'https://кабінет.картка.example/{word}/oauth/callback'],
  ['МІС «Реєстратура»', 'https://reiestratura.example/oauth/callback?return={word}'],
  ['МІС «Аптекар»', 'https://{word}.aptekar.example/oauth/callback'],
  ['МІС «Діагноз»', 'https://diahnoz.example/tenants/{word}/oauth/callback'],
  ['МІС «Черга»', 'https://{word}.cherha.example/oauth/callback'],
] as const

const blockReasons = new Map([
  ['Стоматологія «Усмішка»', 'Ліцензію анульовано'],
  ['ФОП Шевченко Андрій Петрович', 'Договір з НСЗУ розірвано'],
  ['Аптека № 12', 'Підозра на витік секрету'],
  ['Клініка «Лісова»', 'За заявою власника'],
  ['МІС «Черга»', 'Не пройшла щорічного тестування'],
])

const day = 24 * 60 * 60 * 1_000
const at = (time: number) => new Date(time).toISOString()

/**
 * The newest client is the specification's, so that lists, which are newest first, begin with it; the others are up to
 * eight years older.
 */
const insertedAt = (index: number) => Date.UTC(2025, 9, 1, 8, 30) - index * (47 * day + 97 * 60_000)

const first = { MSP: demo.msp.clientId, PHARMACY: demo.pharmacy.clientId }
const prefix = { MSP: 'c4a6d45f', PHARMACY: 'fa12acee' }
/** Callers of the examples have plain settings. */
const settingsOf = (index: number, city: string) =>
  index === 0 ? {} : { city, language: 'uk', notifications: index % 3 === 0 }

function providersOf(
  type: 'MSP' | 'PHARMACY',
  listed: readonly (readonly [name: string, city: string, word: string])[],
  every: number,
) {
  return listed.map(([name, city, word], index) => ({
    client: {
      id: index === 0 ? first[type] : numbered(prefix[type], index + 1),
      type,
      name,
      settings: settingsOf(index, city),
      userId: userOf(index),
      blockReason: blockReasons.get(name) ?? null,
      insertedAt: at(insertedAt(index * every + (type === 'MSP' ? 0 : 2.5))),
    },
    word,
  }))
}

const providers = [...providersOf('MSP', clinics, 1.3), ...providersOf('PHARMACY', pharmacies, 3.3)]

// Older than every client that they serve.
const systems = consumers.map(([name, redirectUri], index) => ({
  client: {
    id: index === 0 ? demo.mis.clientId : numbered('25c03af6', index + 1),
    type: demo.mis.clientType,
    name,
    settings: index === 0 ? {} : { contact: `support@mis${index + 1}.example`, language: 'uk' },
    userId: index === 0 ? userOf(0) : userOf(users.length - 1),
    blockReason: blockReasons.get(name) ?? null,
    insertedAt: at(insertedAt(48 + index)),
  },
  redirectUri,
}))

const admin = {
  id: demo.admin.clientId,
  type: demo.admin.clientType,
  name: 'Адміністратор Mithril',
  settings: {},
  userId: userOf(0),
  blockReason: null,
  insertedAt: at(insertedAt(61)),
}

const nhs = {
  id: demo.nhs.clientId,
  type: demo.nhs.clientType,
  name: 'Національна служба здоров’я України',
  settings: {},
  userId: userIdOf('oksana@nhs.example'),
  blockReason: null,
  insertedAt: at(insertedAt(62)),
}

export const clients: readonly DemoClient[] = [
  ...providers.map(({ client }) => client),
  ...systems.map(({ client }) => client),
  admin,
  nhs,
]

interface End {
  readonly client: DemoClient
  readonly consumer: DemoClient
  readonly redirectUri: string
  readonly time: number
}

/** How many systems a clinic or pharmacy works with, in turn; the specification's works with all of them. */
const numbersOfSystems = [2, 6, 3, 4, 5, 3]

const ends: readonly End[] = [
  ...providers.flatMap(({ client, word }, index) => {
    const count = index === 0 ? systems.length : (numbersOfSystems[(index - 1) % numbersOfSystems.length] ?? 0)
    return Array.from({ length: count }, (_, turn) => systems[(index * 5 + turn) % systems.length])
      .filter((system) => system !== undefined)
      .map((system, turn) => ({
        client,
        consumer: system.client,
        redirectUri: system.redirectUri.replace('{word}', word),
        time: Date.parse(client.insertedAt) + (count - turn) * 5 * day + turn * 61_000,
      }))
  }),
  // What a system's secret is good for: it is the API key under which the system works for its clients.
  ...systems.map(({ client, redirectUri }) => ({
    client,
    consumer: client,
    redirectUri: redirectUri.replace('{word}', 'own'),
    time: Date.parse(client.insertedAt) + day,
  })),
]

type History = (end: End, redirectUri: string) => readonly DemoChange[]

const caller = ({ id, type, userId }: DemoClient, door: DemoAuthor['door']): DemoAuthor => ({
  clientId: id,
  clientType: type,
  userId,
  door,
})
const moved = (redirectUri: string, path: string) => redirectUri.replace('/oauth/callback', path)
const change = (author: DemoAuthor | null, redirectUri: string | null, revertsFirst = false): DemoChange => ({
  author,
  redirectUri,
  revertsFirst,
})

const everythingHappens: History = ({ client }, redirectUri) => [
  change(caller(client, 'GRAPHQL'), moved(redirectUri, '/oauth2/callback')),
  change(caller(client, 'REST'), null),
  change(null, moved(redirectUri, '/sign-in')),
  change(caller(admin, 'GRAPHQL'), redirectUri, true),
  change(caller(client, 'REST'), moved(redirectUri, '/ehealth/callback')),
]
const becomesHttps: History = ({ client }, redirectUri) => [
  change(caller(client, 'GRAPHQL'), redirectUri.replace('http:', 'https:')),
]
const changesOutside: History = ({ client }, redirectUri) => [
  change(null, moved(redirectUri, '/sign-in')),
  change(caller(client, 'REST'), moved(redirectUri, '/oauth2/callback')),
]
const getsNewSecret: History = ({ client }) => [change(caller(client, 'GRAPHQL'), null), change(null, null)]

const histories = [everythingHappens, becomesHttps, changesOutside, getsNewSecret]

/** Every ninth connection has one; the fifth, `demo.changed`, is the first of them. */
const historyOf = (number: number) =>
  number % 9 === 5 ? histories[Math.floor(number / 9) % histories.length] : undefined

export const connections: readonly DemoConnection[] = ends.map((end, index) => {
  const number = index + 1
  const history = historyOf(number)
  // As Mithril let them in before its rules became strict: still read, and still updated, to something better.
  const isOld = number % 16 === 2 || history === becomesHttps
  const redirectUri =
    number === 1 ? demo.redirectUri : isOld ? end.redirectUri.replace('https:', 'http:') : end.redirectUri
  return {
    id: number === 1 ? demo.connectionId : numbered('df9f70ee', number),
    clientId: end.client.id,
    consumerId: end.consumer.id,
    redirectUri,
    insertedAt: at(end.time),
    history: history?.(end, redirectUri) ?? [],
  }
})
