import { parseArgs } from 'node:util'
import { readConfig } from '../config/parse.ts'
import { openDevelopmentIssuer } from '../development/issuer.ts'
import { isUuid } from '../domain/uuid.ts'

const usage = `Prints a development access token.

  npm run --silent token -- --type MSP --client <uuid> --scope "connection:read connection:write" \\
    [--user <id>] [--expires <seconds>]
`

function stop(message: string): never {
  console.error(`${message}\n\n${usage}`)
  process.exit(2)
}

function parseOptions() {
  try {
    const option = { type: 'string' } as const
    const help = { type: 'boolean', short: 'h' } as const
    const options = { type: option, client: option, scope: option, user: option, expires: option, help }
    return parseArgs({ options }).values
  } catch (error) {
    return stop(error instanceof Error ? error.message : String(error))
  }
}

const { type, client, scope = '', user, expires, help } = parseOptions()
if (help) {
  console.log(usage)
  process.exit(0)
}
if (!type) stop('--type is required: the client type, for example MSP')
if (!client) stop('--client is required: the UUID of the client')
if (!isUuid(client)) stop('--client is not a UUID: give the id of a client, as Mithril has it')
if (expires !== undefined && !/^-?\d{1,9}$/.test(expires)) stop('--expires is a number of seconds')

try {
  const config = readConfig()
  if (config.token !== null)
    throw new Error('TOKEN_ISSUER is set: tokens come from that issuer, and the gateway accepts no others.')
  const issuer = await openDevelopmentIssuer(config.dataDir)
  const token = await issuer.sign({
    clientId: client,
    clientType: type,
    scope: scope.trim().split(/\s+/).join(' '),
    ...(user !== undefined && { userId: user }),
    ...(expires !== undefined && { expiresInSeconds: Number(expires) }),
  })
  console.log(token)
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exit(1)
}
