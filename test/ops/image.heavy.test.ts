import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { seed } from '../../prisma/seed.ts'
import { demo } from '../../prisma/seed-data.ts'
import { canMountReadOnly, startContainer } from '../support/container.ts'
import { buildImage, filesBelow, type Image } from '../support/image.ts'
import { type MithrilCluster, readRoles, rolePassword, startMithrilCluster } from '../support/mithril-cluster.ts'
import { patient } from '../support/patient.ts'
import { startTestIssuer, type TestIssuer } from '../support/tokens.ts'

// What ops/Dockerfile makes, as far as that can be seen without a container engine. Takes a minute or two: `npm run
// test:ops`.

const repository = join(import.meta.dirname, '../..')
const readText = (path: string) => readFile(join(repository, path), 'utf8')

/** What package-lock.json says of a package. */
interface Locked {
  readonly dev?: boolean
  readonly devOptional?: boolean
  readonly optional?: boolean
  readonly peer?: boolean
}

let image: Image & { remove(): Promise<void> }
let manifest: Record<'dependencies' | 'devDependencies' | 'scripts', Record<string, string>>
beforeAll(async () => {
  manifest = JSON.parse(await readText('package.json'))
  image = await buildImage('ops/Dockerfile')
}, 1_800_000)
afterAll(() => image?.remove())

describe('the image', () => {
  test('the image is built on the official slim image of the same Node as development', () => {
    const major = /\d+/.exec(manifest.devDependencies['node'] ?? '')?.[0]
    expect(image.baseImages).toEqual(
      image.baseImages.map(() => expect.stringMatching(new RegExp(`^node:${major}-[a-z]+-slim$`))),
    )
  })

  test('the image holds the program, its migrations and its production dependencies only', async () => {
    const files = await filesBelow(image.workingDirectory)
    expect([...new Set(files.map((file) => file.split('/')[0]))]).toEqual([
      'compile-cache',
      'dist',
      'node_modules',
      'package.json',
      'prisma',
      'src',
    ])
    expect(files).toContain('src/generated/prisma/client.ts')
    expect(files).toEqual(
      expect.arrayContaining(['dist/gateway/main.cjs', 'dist/console/index.html', 'dist/console/index.html.br']),
    )
    expect(files.filter((file) => /^src\/console\/|^node_modules\/(oidc-provider|vite|preact)\//.test(file))).toEqual(
      [],
    )
    expect(files).toContain('prisma/migrations/0000_init/migration.sql')
    expect(files.filter((file) => /(^|\/)\.(env|git|npmrc)/.test(file) && !file.startsWith('node_modules/'))).toEqual(
      [],
    )
    const packages = async (path: string) => {
      const lock: { packages: Record<string, Locked> } = JSON.parse(await readFile(path, 'utf8'))
      return Object.entries(lock.packages).filter(([name]) => name !== '')
    }
    const forProduction = ({ dev, devOptional, optional, peer }: Locked) => !dev && !devOptional && !optional && !peer
    const wanted = (await packages(join(repository, 'package-lock.json'))).filter(([, locked]) => forProduction(locked))
    const found = await packages(join(image.workingDirectory, 'node_modules/.package-lock.json'))
    expect(found.map(([name]) => name)).toEqual(wanted.map(([name]) => name))
    expect(wanted.length).toBeGreaterThan(Object.keys(manifest.dependencies).length)
  })

  test('the image runs Node itself as an ordinary user, and names its port', () => {
    const { scripts } = manifest
    expect(image).toMatchObject({
      user: { uid: 1000, gid: 1000 },
      command: scripts['start:production']?.split(' '),
      environment: { NODE_ENV: 'production', HOST: '0.0.0.0', PORT: '4000' },
      exposed: [4000],
    })
  })
})

describe('its container', () => {
  let cluster: MithrilCluster
  let issuer: TestIssuer
  beforeAll(async () => {
    cluster = await startMithrilCluster()
    issuer = await startTestIssuer()
  })
  afterAll(async () => {
    await issuer?.close()
    await cluster?.stop()
  })

  test.skipIf(!canMountReadOnly)('the container cannot write to any file, and is not root', async () => {
    const paths = [image.workingDirectory, join(image.workingDirectory, 'src'), '/tmp', '/']
    const script = `
      const { writeFileSync } = require('node:fs')
      const attempt = (path) => { try { writeFileSync(path + '/written', '') } catch ({ code }) { return code } }
      console.log(JSON.stringify({ uid: process.getuid(), groups: process.getgroups(), codes: ${JSON.stringify(paths)}.map(attempt) }))`
    const probe = startContainer(image, ['node', '--eval', script], {})
    expect(await probe.exited()).toEqual({ code: 0, signal: null })
    expect(JSON.parse(probe.output.stdout)).toEqual({ uid: 1000, groups: [1000], codes: paths.map(() => 'EROFS') })
  })

  test('the container starts with the code cache of the build', async () => {
    const start = startContainer(image, image.command, { NODE_DEBUG_NATIVE: 'COMPILE_CACHE' })
    // For want of a configuration, as it was then: what it loads is the same.
    expect(await start.exited()).toEqual({ code: 78, signal: null })
    // Several threads write at once, so what belongs to one file need not stand in one line.
    const { stderr } = start.output
    const ours = stderr.match(/reading cache from \S+ for \S+ \S+\/app\/dist\/gateway\/\S+?\.cjs\.\.\./g) ?? []
    expect(ours.length).toBeGreaterThan(3)
    expect(stderr.match(/ success, size=/g)?.length).toBeGreaterThanOrEqual(ours.length)
    expect(stderr).not.toMatch(/mismatch|failed:|bad read/)
  })

  test('the container migrates, is ready, updates through both doors, and ends with 0 at SIGTERM', {
    timeout: 300_000,
  }, async () => {
    await cluster.query(await readRoles())
    for (const role of ['gateway_migrator', 'gateway'])
      await cluster.query(`ALTER ROLE ${role} PASSWORD '${rolePassword}'`)
    for (const command of ['baseline', 'migrate']) {
      const job = startContainer(image, ['node', `src/commands/${command}.ts`], {
        DATABASE_URL: cluster.urlOf('gateway_migrator'),
      })
      expect(await job.exited(), job.output.stderr).toEqual({ code: 0, signal: null })
    }
    await cluster.query(await readText('ops/postgres/rights.sql'), 'gateway_migrator')
    await seed(cluster.urlOf('gateway_migrator'))

    const server = startContainer(image, image.command, {
      HOST: '127.0.0.1',
      PORT: '0',
      DATABASE_URL: cluster.urlOf('gateway'),
      TOKEN_ISSUER: issuer.issuer,
      TOKEN_AUDIENCE: issuer.audience,
      TOKEN_JWKS_URL: issuer.jwksUrl,
      CONSOLE_CLIENT_ID: 'console',
      CONSOLE_ISSUER: 'https://signin.example.ua',
      ...patient,
    })
    try {
      const url = (await server.untilWritten(/"url":"([^"]+)","msg":"listening"/))[1] ?? ''
      const bounded = () => ({ signal: AbortSignal.timeout(30_000) })
      await expect.poll(async () => (await fetch(`${url}/health/ready`, bounded())).status).toBe(200)
      const page = await fetch(`${url}/console/`, bounded())
      const [, script = ''] = /src="([^"]+\.js)"/.exec(await page.text()) ?? []
      expect([page.status, (await fetch(new URL(script, url), bounded())).status]).toEqual([200, 200])
      expect((await fetch(`${url}/oidc/.well-known/openid-configuration`, bounded())).status).toBe(404)
      const healthCheck = async (port: string) =>
        (await startContainer(image, image.healthCheck, { PORT: port }).exited()).code
      expect(await healthCheck(new URL(url).port)).toBe(0)
      expect(await healthCheck('1')).toBe(1)

      const headers = {
        'content-type': 'application/json',
        authorization: `Bearer ${issuer.mint({ ...demo.msp, scope: 'connection:read connection:write' })}`,
      }
      const rest = await fetch(`${url}/api/clients/${demo.msp.clientId}/connections/${demo.connectionId}`, {
        method: 'PATCH',
        headers,
        body: JSON.stringify({ redirect_uri: 'https://image.example.ua/rest' }),
        ...bounded(),
      })
      expect([rest.status, await rest.json()]).toMatchObject([
        200,
        { data: { redirect_uri: 'https://image.example.ua/rest' } },
      ])
      const query = `mutation ($input: UpdateClientConnectionInput!) {
        updateClientConnection(input: $input) { clientConnection { redirectUri } }
      }`
      const input = {
        clientId: demo.msp.clientId,
        connectionId: demo.connectionId,
        redirectUri: 'https://image.example.ua/graphql',
      }
      const graphql = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ query, variables: { input } }),
        ...bounded(),
      })
      expect(await graphql.json()).toMatchObject({
        data: { updateClientConnection: { clientConnection: { redirectUri: input.redirectUri } } },
      })
      server.child.kill('SIGTERM')
      expect(await server.exited()).toEqual({ code: 0, signal: null })
      expect(server.output.stderr).toBe('')
    } finally {
      server.child.kill('SIGKILL')
    }
    expect(
      await cluster.query(
        `SELECT door, redirect_uri_after AS after FROM connection_changes WHERE redirect_uri_after LIKE 'https://image.%' ORDER BY id`,
      ),
    ).toEqual([
      { door: 'REST', after: 'https://image.example.ua/rest' },
      { door: 'GRAPHQL', after: 'https://image.example.ua/graphql' },
    ])
  })
})
