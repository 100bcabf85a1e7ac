import { execFile } from 'node:child_process'
import { chmod, copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, matchesGlob } from 'node:path'
import { promisify } from 'node:util'
import { type Copy, DockerfileParser, type Env, From, type Instruction } from 'dockerfile-ast'

const run = promisify(execFile)
const repository = join(import.meta.dirname, '../..')

/** A folder that holds what the image would hold beside its base image, and how a container engine would run it. */
export interface Image {
  /** Stands for `/` of the container. */
  readonly root: string
  /** Absolute, below `root`. */
  readonly workingDirectory: string
  readonly environment: Readonly<Record<string, string>>
  readonly user: { readonly uid: number; readonly gid: number }
  readonly command: readonly string[]
  readonly healthCheck: readonly string[]
  readonly exposed: readonly number[]
  /** The base image of every stage. */
  readonly baseImages: readonly string[]
}

interface Stage {
  readonly root: string
  workingDirectory: string
  readonly environment: Record<string, string>
  readonly instructions: Map<string, Instruction>
}

/**
 * Does what `docker build` would do with the instructions that our Dockerfile uses, without a container engine: each
 * stage is a folder with nothing of the base image but Node, and each RUN is really run in it. Throws at an instruction
 * that it does not know.
 */
export async function buildImage(path: string): Promise<Image & { remove(): Promise<void> }> {
  const file = await readFile(join(repository, path), 'utf8')
  const ignored = await readFile(join(repository, `${path}.dockerignore`), 'utf8')
  const directory = await mkdtemp(join(tmpdir(), 'mithril-connection-gateway-image-'))
  await chmod(directory, 0o755)
  const remove = () => rm(directory, { recursive: true, force: true })
  try {
    const stages = new Map<string, Stage>()
    const baseImages: string[] = []
    let stage: Stage | undefined
    for (const instruction of DockerfileParser.parse(file).getInstructions()) {
      if (instruction instanceof From) {
        const name = instruction.getBuildStage() ?? String(stages.size)
        baseImages.push(instruction.getImage() ?? '')
        stage = await startStage(join(directory, name))
        stages.set(name, stage)
      } else if (stage === undefined) throw new Error(`${instruction.getKeyword()} before FROM`)
      else await carryOut(instruction, stage, stages, ignored)
    }
    if (stage === undefined) throw new Error('the Dockerfile has no stage')
    return { ...describe(stage), baseImages, remove }
  } catch (error) {
    await remove()
    throw error
  }
}

async function startStage(root: string): Promise<Stage> {
  const bin = join(root, 'usr/local/bin')
  await mkdir(bin, { recursive: true })
  await copyFile(process.execPath, join(bin, 'node'))
  return { root, workingDirectory: root, environment: {}, instructions: new Map() }
}

async function carryOut(
  instruction: Instruction,
  stage: Stage,
  stages: ReadonlyMap<string, Stage>,
  ignored: string,
): Promise<void> {
  const keyword = instruction.getKeyword()
  const words = instruction.getArguments().map((argument) => argument.getValue())
  switch (keyword) {
    case 'WORKDIR':
      stage.workingDirectory = join(stage.root, words[0] ?? '')
      await mkdir(stage.workingDirectory, { recursive: true })
      return
    case 'ENV':
      for (const property of (instruction as Env).getProperties())
        stage.environment[property.getName()] = property.getValue() ?? ''
      return
    case 'COPY': {
      const from = (instruction as Copy).getFromFlag()?.getValue()
      const sources = words.slice(0, -1)
      const target = join(stage.workingDirectory, words.at(-1) ?? '')
      for (const source of sources) await copy(source, target, from == null ? ignored : stages.get(from))
      return
    }
    case 'RUN':
      await run('/bin/sh', ['-c', instruction.getRawArgumentsContent() ?? ''], {
        cwd: stage.workingDirectory,
        env: { ...(await buildEnvironment(stage)), ...stage.environment },
        maxBuffer: 2 ** 24,
        timeout: 600_000,
      })
      return
    case 'USER':
    case 'EXPOSE':
    case 'HEALTHCHECK':
    case 'CMD':
      stage.instructions.set(keyword, instruction)
      return
    default:
      throw new Error(`test/support/image.ts does not know ${keyword}`)
  }
}

/**
 * From the repository as far as it is not ignored, or from another stage. A folder's content is copied, as Docker does.
 */
async function copy(source: string, target: string, from: string | Stage | undefined): Promise<void> {
  if (from === undefined) throw new Error(`COPY ${source} from a stage that is not there`)
  const base = typeof from === 'string' ? repository : from.root
  const path = join(base, source)
  const isIncluded = (file: string) => typeof from !== 'string' || !isIgnored(file.slice(repository.length + 1), from)
  if (!isIncluded(path)) throw new Error(`COPY ${source}: the .dockerignore leaves it out`)
  const to = target.endsWith('/') ? join(target, source.slice(source.lastIndexOf('/') + 1)) : target
  await cp(path, to, { recursive: true, verbatimSymlinks: true, filter: isIncluded })
}

/** The last pattern that fits a path, or a folder above it, decides. */
function isIgnored(path: string, patterns: string): boolean {
  const above = path.split('/').map((_, index, parts) => parts.slice(0, index + 1).join('/'))
  return patterns
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .reduce((ignored, line) => {
      const pattern = line.replace(/^!/, '')
      return above.some((folder) => matchesGlob(folder, pattern)) ? !line.startsWith('!') : ignored
    }, false)
}

/** The machine's npm on the image's Node, and nothing of the npm that may run this test. */
async function buildEnvironment({ root }: Stage): Promise<Record<string, string>> {
  const { stdout } = await run('/bin/sh', ['-c', 'command -v npm'])
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|NODE_|VITE)/.test(name) && name !== 'INIT_CWD',
  )
  return {
    ...Object.fromEntries(inherited.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))),
    PATH: [join(root, 'usr/local/bin'), dirname(stdout.trim()), '/usr/bin', '/bin'].join(':'),
    npm_config_prefer_offline: 'true',
    npm_config_fetch_retries: '5',
  }
}

function describe({ root, workingDirectory, environment, instructions }: Stage): Omit<Image, 'baseImages'> {
  const wordsOf = (keyword: string) =>
    instructions
      .get(keyword)
      ?.getArguments()
      .map((argument) => argument.getValue()) ?? []
  const [uid, gid] = (wordsOf('USER')[0] ?? '0:0').split(':').map(Number)
  if (uid === undefined || gid === undefined) throw new Error('USER has to be uid:gid')
  return {
    root,
    workingDirectory,
    environment,
    user: { uid, gid },
    command: execForm(instructions.get('CMD')),
    healthCheck: execForm(instructions.get('HEALTHCHECK')),
    exposed: wordsOf('EXPOSE').map(Number),
  }
}

/** The words of an exec form: a shell form would put a shell between the engine and Node. */
function execForm(instruction: Instruction | undefined): string[] {
  const list = /(?:^|\bCMD\s+)(\[.*\])$/s.exec(instruction?.getRawArgumentsContent()?.trim() ?? '')?.[1]
  if (list === undefined) throw new Error(`${instruction?.getKeyword()} is missing, or not in exec form`)
  return JSON.parse(list) as string[] // the exec form is JSON
}

/** All files and folders below a directory, relative to it. */
export async function filesBelow(directory: string): Promise<string[]> {
  return (await readdir(directory, { recursive: true })).sort()
}
