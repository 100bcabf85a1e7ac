import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Deployment } from 'kubernetes-models/apps/v1/Deployment'
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler'
import { Job } from 'kubernetes-models/batch/v1/Job'
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy'
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget'
import { ConfigMap } from 'kubernetes-models/v1/ConfigMap'
import { Service } from 'kubernetes-models/v1/Service'
import { ServiceAccount } from 'kubernetes-models/v1/ServiceAccount'
import { parseAllDocuments } from 'yaml'

const kinds = {
  ConfigMap,
  Deployment,
  HorizontalPodAutoscaler,
  Job,
  NetworkPolicy,
  PodDisruptionBudget,
  Service,
  ServiceAccount,
}

type Kinds = { readonly [Kind in keyof typeof kinds]: InstanceType<(typeof kinds)[Kind]> }

const directory = join(import.meta.dirname, '../../ops/kubernetes')

/** The names of the files in ops/kubernetes. */
export const manifestFiles: readonly string[] = readdirSync(directory).sort()

/** The documents of a file. A mistake in its YAML is an error. */
export function readManifests(file: string): unknown[] {
  return parseAllDocuments(readFileSync(join(directory, file), 'utf8')).map((document) => {
    const [mistake] = [...document.errors, ...document.warnings]
    if (mistake !== undefined) throw new Error(`${file}: ${mistake.message}`)
    return document.toJS()
  })
}

/** All documents of a kind. */
export function manifestsOf<Kind extends keyof Kinds>(kind: Kind): Kinds[Kind][] {
  return manifestFiles.flatMap(readManifests).filter((document): document is Kinds[Kind] => kinds[kind].is(document))
}

/** The only document of a kind. */
export function manifestOf<Kind extends keyof Kinds>(kind: Kind): Kinds[Kind] {
  const [found, ...more] = manifestsOf(kind)
  if (found === undefined || more.length > 0) throw new Error(`there is not exactly one ${kind}`)
  return found
}

/**
 * Holds a document against Kubernetes' own schema.
 * @throws Error that names what is missing, of a wrong type, or not a field at all
 */
export function validateManifest(document: unknown): void {
  const model = Object.values(kinds).find((kind) => kind.is(document))
  if (model === undefined) throw new Error('neither apiVersion and kind of a manifest, nor one that is expected here')
  const unread = new Set<string>()
  model.prototype.validate.call(watched(document, '', unread))
  // The schemas of kubernetes-models let unknown fields pass, as those of Kubernetes do. They read each field that they
  // know, though.
  if (unread.size > 0) throw new Error(`unknown: ${[...unread].join(', ')}`)
}

/** The value, which writes down the paths of all its members, and strikes out each one that is read. */
function watched(value: unknown, path: string, unread: Set<string>): unknown {
  if (typeof value !== 'object' || value === null) return value
  const members = new Map(Object.keys(value).map((name) => [name, `${path}/${name}`] as const))
  const inside = new Map(
    Object.entries(value).map(([name, member]) => [name, watched(member, `${path}/${name}`, unread)]),
  )
  for (const at of members.values()) unread.add(at)
  return new Proxy(value, {
    get(target, name, receiver) {
      const at = members.get(String(name))
      if (at === undefined) return Reflect.get(target, name, receiver)
      unread.delete(at)
      return inside.get(String(name))
    },
  })
}
