import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/config/parse.ts'
import { variables } from '../../src/config/variables.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { manifestFiles, manifestOf, manifestsOf, readManifests, validateManifest } from '../support/manifests.ts'

// The manifests of ops/kubernetes, held against Kubernetes' own schema, against each other, and against the program
// that they start.

const read = (path: string) => readFileSync(join(import.meta.dirname, '../..', path), 'utf8')
const kustomization = readManifests('kustomization.yaml')[0] as {
  resources: string[]
  images: { name: string; newName: string; newTag: string }[]
}
const resources = manifestFiles.filter((file) => file !== 'kustomization.yaml')

describe('each manifest', () => {
  test.each(
    resources.flatMap((file) => readManifests(file).map((document, index) => [`${file} ${index + 1}`, document])),
  )('%s is what Kubernetes takes', (_name, document) => {
    expect(() => validateManifest(document)).not.toThrow()
  })

  const changed = (path: string, value: unknown): unknown => {
    const deployment = structuredClone(readManifests('deployment.yaml')[0])
    const names = path.split('.')
    const last = names.pop() ?? ''
    const parent = names.reduce<Record<string, unknown>>(
      (at, name) => at[name] as Record<string, unknown>,
      deployment as Record<string, unknown>,
    )
    if (value === undefined) delete parent[last]
    else parent[last] = value
    return deployment
  }
  test.each([
    ['a number as a text', 'spec.minReadySeconds', 'soon', /spec\/minReadySeconds/],
    ['a port that is no number', 'spec.template.spec.containers.0.ports.0.containerPort', '4000', /containerPort/],
    ['a required field that is missing', 'spec.selector', undefined, /selector/],
    ['a word that is none of those allowed', 'spec.strategy.type', 'Rolling', /strategy\/type/],
    ['a field that there is not', 'spec.replica', 3, /unknown: \/spec\/replica/],
    [
      'one further down',
      'spec.template.spec.containers.0.securityContext.readOnlyRootFileSystem',
      true,
      /readOnlyRootFileSystem/,
    ],
    ['one in a list', 'spec.template.spec.containers.0.env.0.valuefrom', {}, /env\/0\/valuefrom/],
    ['a kind that there is not', 'kind', 'Deploymint', /apiVersion and kind/],
  ])('would be refused with %s', (_name, path, value, message) => {
    expect(() => validateManifest(changed(path, value))).toThrow(message)
  })

  test('kustomization.yaml names every manifest but the Job, which is applied first', () => {
    expect([...kustomization.resources, 'migration-job.yaml'].sort()).toEqual(resources)
  })
})

const deployment = manifestOf('Deployment').spec
const job = manifestOf('Job').spec
const podSpecs = [deployment?.template.spec, job?.template.spec]
const [server, ...otherContainers] = deployment?.template.spec?.containers ?? []
const [migrations] = job?.template.spec?.containers ?? []
const image = read('ops/Dockerfile')
const config = manifestOf('ConfigMap').data ?? {}
/** Those of the environment, as Kubernetes would fill in its Secrets. */
const secrets = { DATABASE_URL: 'postgresql://gateway:password@postgres:5432/mithril', REDIS_URL: 'redis://redis:6379' }

describe('what runs', () => {
  test.each(podSpecs.map((spec) => [spec?.containers[0]?.name, spec] as const))(
    '%s may do nothing that it need not',
    (_name, spec) => {
      expect(spec).toMatchObject({
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        serviceAccountName: manifestOf('ServiceAccount').metadata?.name,
        securityContext: {
          runAsNonRoot: true,
          runAsUser: 1000,
          runAsGroup: 1000,
          seccompProfile: { type: 'RuntimeDefault' },
        },
      })
      expect(image).toMatch(/^USER 1000:1000$/m)
      for (const container of spec?.containers ?? [])
        expect(container).toMatchObject({
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
          resources: { requests: { cpu: expect.any(String), memory: expect.any(String) }, limits: { memory: '512Mi' } },
        })
      for (const { mountPath, readOnly } of spec?.containers[0]?.volumeMounts ?? [])
        expect([mountPath, readOnly]).toEqual([mountPath, true])
      expect(spec?.volumes?.map(({ name }) => name)).toEqual(spec?.containers[0]?.volumeMounts?.map(({ name }) => name))
    },
  )

  test('server and Job run one image, which kustomization.yaml and the Job name', () => {
    expect(otherContainers).toEqual([])
    const [named] = kustomization.images
    expect([server?.image, migrations?.image]).toEqual([named?.name, `${named?.newName}:${named?.newTag}`])
    expect(named?.newTag).toBe(JSON.parse(read('package.json')).version)
    expect(migrations?.command).toEqual(['node', 'src/commands/migrate.ts'])
    // The image has the right Node, so it need not be asked for.
    const script: string = JSON.parse(read('package.json')).scripts['db:migrate']
    expect(script.replace('--require ./src/require-packages.cjs ', '')).toBe(migrations?.command?.join(' '))
    expect([server?.command, server?.args]).toEqual([undefined, undefined])
  })

  test('the gateway reads each variable of the manifests, and starts with them', () => {
    const own = [...(server?.env ?? []), ...(migrations?.env ?? [])].map(({ name }) => name)
    expect([...Object.keys(config), ...own].filter((name) => !(name in variables.shape))).toEqual([])
    expect(server?.envFrom).toEqual([{ configMapRef: { name: manifestOf('ConfigMap').metadata?.name } }])
    expect(server?.env?.map(({ name }) => name)).toEqual(Object.keys(secrets))
    const parsed = parseConfig({ NODE_ENV: 'production', HOST: '0.0.0.0', PORT: '4000', ...config, ...secrets })
    expect(image).toMatch(/^ENV NODE_ENV=production HOST=0\.0\.0\.0 PORT=4000 /m)
    expect(parsed).toMatchObject({ production: true, metricsPort: 9464 })
    // One more connection for checks, and one more instance while a rollout runs.
    const total = (parsed.database.poolMax + 1) * ((manifestOf('HorizontalPodAutoscaler').spec?.maxReplicas ?? 0) + 1)
    const pgbouncer = Number(/^max_client_conn = (\d+)$/m.exec(read('ops/postgres/pgbouncer.ini'))?.[1])
    expect(total).toBeLessThanOrEqual(pgbouncer)
  })

  test('no manifest holds a secret, and ops/README.md says how to make each', () => {
    const wanted = [...(server?.env ?? []), ...(migrations?.env ?? [])].flatMap(
      ({ valueFrom }) => valueFrom?.secretKeyRef ?? [],
    )
    expect(wanted.map(({ name, key }) => [name, key])).toEqual([
      ['gateway-database', 'DATABASE_URL'],
      ['gateway-redis', 'REDIS_URL'],
      ['gateway-migrations-database', 'DATABASE_URL'],
    ])
    for (const { name, key } of wanted)
      expect(read('ops/README.md')).toMatch(
        new RegExp(`create secret generic ${name} .*--from-env-file|create secret generic ${name} .*${key}`),
      )
    for (const { name } of podSpecs.flatMap((spec) => spec?.volumes?.flatMap(({ configMap }) => configMap ?? []) ?? []))
      expect(read('ops/README.md')).toContain(`create configmap ${name} `)
    expect(Object.keys(config).filter((name) => /URL$/.test(name) && /:\/\/[^/]*@/.test(config[name] ?? ''))).toEqual(
      [],
    )
  })
})

describe('what is asked of it', () => {
  let gateway: TestGateway
  beforeAll(async () => {
    gateway = await startTestGateway({ NODE_ENV: 'production', METRICS_PORT: '0' })
    await gateway.listen()
  })
  afterAll(() => gateway?.close())

  test('probes ask the health routes on the port that the image serves', () => {
    const port = server?.ports?.find(({ name }) => name === 'http')?.containerPort
    expect(image).toMatch(new RegExp(`^EXPOSE ${port}$`, 'm'))
    expect(image).toContain(`PORT=${port}`)
    const paths = {
      startupProbe: '/health/live',
      livenessProbe: '/health/live',
      readinessProbe: '/health/ready',
    } as const
    for (const [probe, path] of Object.entries(paths))
      expect(server?.[probe as keyof typeof paths]?.httpGet).toEqual({ path, port: 'http' }) // its own keys
    for (const url of Object.values(paths)) expect(gateway.app.hasRoute({ method: 'GET', url }), url).toBe(true)
    // A readiness check waits for the database; the probe has to wait for its answer.
    expect(server?.readinessProbe?.timeoutSeconds).toBeGreaterThan(parseConfig({}).database.connectTimeoutMs / 1_000)
  })

  test('a pod has time to drain before it is killed', () => {
    const main = read('src/run.ts')
    const milliseconds = (name: string) =>
      Number(new RegExp(`const ${name} = ([\\d_]+)`).exec(main)?.[1]?.replaceAll('_', ''))
    const preStop = server?.lifecycle?.preStop?.sleep?.seconds ?? 0
    expect(preStop).toBeGreaterThanOrEqual(3)
    const needed = preStop + (milliseconds('drainMs') + milliseconds('closeMs')) / 1_000
    expect(deployment?.template.spec?.terminationGracePeriodSeconds).toBeGreaterThan(needed)
  })

  test('Service, disruption budget, autoscaler, spreading and network policies select the pods', () => {
    const labels = deployment?.template.metadata?.labels
    const ofServer = { 'app.kubernetes.io/name': 'gateway', 'app.kubernetes.io/component': 'server' }
    expect(labels).toEqual(ofServer)
    expect(deployment?.selector.matchLabels).toEqual(labels)
    expect(manifestOf('Service').spec?.selector).toEqual(labels)
    expect(manifestOf('PodDisruptionBudget').spec?.selector?.matchLabels).toEqual(labels)
    for (const { labelSelector } of deployment?.template.spec?.topologySpreadConstraints ?? [])
      expect(labelSelector?.matchLabels).toEqual(labels)
    const [ofPods, ofMigrations] = manifestsOf('NetworkPolicy')
    expect(ofPods?.spec?.podSelector?.matchLabels).toEqual(labels)
    expect(ofMigrations?.spec?.podSelector?.matchLabels).toEqual(job?.template.metadata?.labels)
    const { apiVersion, kind, metadata } = manifestOf('Deployment')
    expect(manifestOf('HorizontalPodAutoscaler').spec?.scaleTargetRef).toEqual({
      apiVersion,
      kind,
      name: metadata?.name,
    })
    expect(manifestOf('HorizontalPodAutoscaler').spec?.minReplicas).toBeGreaterThan(
      Number(manifestOf('PodDisruptionBudget').spec?.maxUnavailable),
    )
    expect(deployment?.replicas).toBeUndefined()
    // What is selected by a label of everything of ours would be selected twice.
    expect(job?.template.metadata?.labels).not.toMatchObject(ofServer)
  })

  test('ports are the same everywhere, and network policies open no others', () => {
    const metrics = server?.ports?.find(({ name }) => name === 'metrics')?.containerPort
    expect(String(metrics)).toBe(config['METRICS_PORT'])
    const served = gateway.log.map((line) => JSON.parse(line)).find(({ msg }) => msg === 'metrics are served')
    expect(deployment?.template.metadata?.annotations).toMatchObject({
      'prometheus.io/port': String(metrics),
      'prometheus.io/path': new URL(served.url).pathname,
    })
    expect(manifestOf('Service').spec?.ports).toEqual([{ name: 'http', port: 80, targetPort: 'http' }])
    const [ofPods, ofMigrations] = manifestsOf('NetworkPolicy').map(({ spec }) => spec)
    const portsOf = (rules: readonly { ports?: readonly { port?: number | string }[] }[] | undefined) =>
      rules?.map(({ ports }) => ports?.map(({ port }) => port))
    expect(ofPods?.policyTypes).toEqual(['Ingress', 'Egress'])
    expect(portsOf(ofPods?.ingress)).toEqual([[4000], [metrics]])
    expect(ofPods?.ingress?.map(({ from }) => from?.length)).toEqual([1, 1])
    expect(portsOf(ofPods?.egress)).toEqual([[53, 53], [5432, 6432], [6379], [443], [4318]])
    expect(ofMigrations?.policyTypes).toEqual(['Ingress', 'Egress'])
    expect([ofMigrations?.ingress, portsOf(ofMigrations?.egress)]).toEqual([undefined, [[53, 53], [5432]]])
  })
})
