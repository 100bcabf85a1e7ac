import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { variables } from '../../src/config/variables.ts'
import { type OutcomeName, outcomes } from '../../src/domain/errors.ts'
import { httpRefusals, statusOfOutcome } from '../../src/server/http-refusals.ts'

const repository = join(import.meta.dirname, '../..')
const read = (path: string) => readFileSync(join(repository, path), 'utf8')

/** As GitHub makes an anchor of a heading. */
const anchorsOf = (text: string) =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  )

const documents = globSync(['*.md', 'docs/**/*.md', 'ops/*.md'], { cwd: repository })

test('the documents are found', () => {
  expect(documents).toEqual(expect.arrayContaining(['README.md', 'SECURITY.md', 'docs/contract.md', 'ops/README.md']))
})

test.each(documents)('%s links to files and sections that exist', (document) => {
  const links = [...read(document).matchAll(/\]\((?!http)([^)#]*)(?:#([^)]*))?\)/g)]
  for (const [, path = '', anchor] of links) {
    const target = path === '' ? document : join(dirname(document), path)
    expect(existsSync(join(repository, target)), target).toBe(true)
    if (anchor !== undefined) expect(anchorsOf(read(target)), `${target}#${anchor}`).toContain(anchor)
  }
})

describe('every variable', () => {
  const names = Object.keys(variables.shape)

  test('each variable has a row in docs/configuration.md with its default and its sentence', () => {
    const rows = [
      ...read('docs/configuration.md').matchAll(/^\| `([A-Z_]+)` \| [^|]+ \| (?:–|`([^`]+)`) \| ([^|]+) \|$/gm),
    ]
    expect(rows.map(([, name]) => name)).toEqual(names)
    for (const [, name = '', unset, sentence] of rows) {
      const variable = variables.shape[name as keyof typeof variables.shape] // the names are those
      expect(variable.parse(unset), name).toEqual(variable.parse(undefined))
      expect(sentence, name).toMatch(/[^ ].*\.$/)
    }
  })

  test('each variable is in .env.example, with its default if it has one', () => {
    const lines = [...read('.env.example').matchAll(/^# ([A-Z_]+)=(.*)$/gm)].map(
      ([, name = '', value = '']) => [name, value] as const,
    )
    expect(lines.map(([name]) => name)).toEqual(names)
    for (const [name, value] of lines) {
      const variable = variables.shape[name as keyof typeof variables.shape] // the names are those
      expect(variable.safeParse(value).success, name).toBe(true)
      const unset: unknown = variable.parse(undefined)
      // Examples stand where there is no default, and where it is empty; and production is what sets variables.
      const hasDefault = unset !== undefined && String(unset) !== '' && name !== 'NODE_ENV'
      if (hasDefault) expect(variable.parse(value), name).toEqual(unset)
    }
  })
})

test('the documents have the sentence, the code and the status of every refusal', () => {
  const told = [...`${read('README.md')}\n${read('docs/contract.md')}`.matchAll(/^\| ([^|]*) \| (.*) \|$/gm)].map(
    ([, outcomes = '', rest = '']) => ({
      beginnings: [...outcomes.matchAll(/`([^`]+)`/g)].map(([, sentence = '']) => sentence.replace(/:? …$/, '')),
      rest,
    }),
  )
  const refusals = [
    ...Object.entries(outcomes).map(([name, outcome]) => ({
      ...outcome,
      status: statusOfOutcome[name as OutcomeName],
    })), // its own keys
    ...Object.values(httpRefusals),
  ]
  for (const { code, status, message } of refusals) {
    const row = told.find(({ beginnings }) => beginnings.some((beginning) => message.startsWith(beginning)))
    expect(row?.rest, message).toContain(`\`${code}\``)
    expect(row?.rest, message).toContain(String(status))
  }
})

const decisions = globSync('*.md', { cwd: join(repository, 'docs/decisions') }).sort()

describe('the decisions', () => {
  test('decisions are numbered one after the other, in their names and titles', () => {
    expect(decisions.length).toBeGreaterThan(27)
    decisions.forEach((name, index) => {
      expect(name).toMatch(new RegExp(`^${String(index + 1).padStart(4, '0')}-[a-z0-9-]+\\.md$`))
      expect(read(`docs/decisions/${name}`), name).toMatch(new RegExp(`^# ${index + 1}\\. \\S`))
    })
  })

  test('each decision has a context, a cost, evidence, and a time to look again', () => {
    const sections = ['Context', 'Decision', 'Cost', 'Evidence', 'Look again when']
    for (const name of decisions)
      expect(
        [...read(`docs/decisions/${name}`).matchAll(/^## (.+)\n\n\S/gm)].map(([, title]) => title),
        name,
      ).toEqual(sections)
  })

  test('ARCHITECTURE.md lists each decision in at most twelve words with its cost', () => {
    const rows = [
      ...read('ARCHITECTURE.md').matchAll(/^\| \[(\d+)\]\(docs\/decisions\/([^)]+)\) \| (.+) \| (\S.*) \|$/gm),
    ]
    expect(rows.map(([, , name]) => name)).toEqual(decisions)
    rows.forEach(([, number, name, title = '']) => {
      expect(Number(number)).toBe(decisions.indexOf(name ?? '') + 1)
      expect(title.split(' ').length, title).toBeLessThanOrEqual(12)
    })
  })
})

test('ARCHITECTURE.md has at most 150 lines', () => {
  expect(read('ARCHITECTURE.md').trimEnd().split('\n').length).toBeLessThanOrEqual(150)
})

test.each(['ARCHITECTURE.md', ...decisions.map((name) => `docs/decisions/${name}`)])(
  'files that %s names are there',
  (document) => {
    const named = [
      ...read(document).matchAll(/`((?:[a-z-]+\/)+[\w-]+(?:\/[\w-]+)*(?:\.[a-z]+)*\.(?:ts|sql|prisma|yaml|md))`/g),
    ].map(([, path = '']) => path)
    if (document === 'ARCHITECTURE.md') expect(named.length).toBeGreaterThan(40)
    expect(named.filter((path) => !['', 'src'].some((root) => existsSync(join(repository, root, path))))).toEqual([])
  },
)

test('a document that a comment cites is in the repository, and so is its section', () => {
  const files = globSync(['{src,test,prisma,ops}/**/*.{ts,prisma,sql,yaml,ini,graphql}', '*.{ts,json}'], {
    cwd: repository,
    exclude: ['src/generated/**'],
  })
  const citations = files.flatMap((file) =>
    [...read(file).matchAll(/(?<!\]\(|readOps\('|[\w./*-])((?:[\w-]+\/)*[\w-]+\.md)\b`?(?: §(\d+))?/g)].map(
      ([, path = '', section]) => [file, path, section] as const,
    ),
  )
  expect(citations.length).toBeGreaterThan(30)
  const isThere = (path: string, section: string | undefined) =>
    existsSync(join(repository, path)) && (section === undefined || read(path).includes(`\n## §${section} `))
  expect(citations.filter(([, path, section]) => !isThere(path, section))).toEqual([])
})

test('the program of the first five minutes is saved where git and the checks do not look', () => {
  const folder = /Save this as `([\w-]+\/)first\.ts`/.exec(read('docs/first-five-minutes.md'))?.[1] ?? 'none'
  expect(read('.gitignore').split('\n')).toContain(folder)
  // Biome and knip follow .gitignore; TypeScript reads the folders that its configuration names.
  expect(JSON.parse(read('biome.json')).vcs).toMatchObject({ enabled: true, useIgnoreFile: true })
  expect(JSON.parse(read('tsconfig.json')).include).toEqual(['src', 'test', 'prisma', '*.ts'])
})
