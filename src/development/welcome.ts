import { demo } from '../../prisma/seed-data.ts'
import type { Config } from '../config/shape.ts'
import { version } from '../config/version.ts'
import type { Gateway } from '../gateway.ts'
import { update } from './examples.ts'

const indent = (text: string) => text.replace(/^/gm, '  ')

/** One request for each door, as a command for a shell. */
function examples(url: string, token: string): string {
  const query = update.document.replace(/\s+/g, ' ').trim()
  const graphql = JSON.stringify({ query, variables: update.variables })
  const rest = JSON.stringify({ redirect_uri: demo.redirectUri })
  const headers = `-H 'content-type: application/json' -H 'authorization: Bearer ${token}'`
  const connection = `${url}/api/clients/${demo.msp.clientId}/connections/${demo.connectionId}`
  return `Change the redirect URI of the specification's example through GraphQL:

curl -sS ${url}/graphql ${headers} -d '${graphql}'

and back through REST:

curl -sS -X PATCH ${connection} ${headers} -d '${rest}'
`
}

/** The text at the start outside production: version, database, issuer, addresses, and first requests. */
export async function welcome(
  { app, developmentIssuer, databaseDescription, hasDemoData }: Gateway,
  config: Config,
): Promise<string> {
  const url = app.publicUrl()
  const token = (await developmentIssuer?.sign({ ...demo.msp, scope: 'connection:read connection:write' })) ?? '$TOKEN'
  const warning = developmentIssuer
    ? 'WARNING    the gateway is its own token issuer: anyone on this machine can make a token. ' +
      'Set TOKEN_ISSUER for anything but development.\n'
    : ''
  // The command makes tokens of the development issuer only.
  const tokens = developmentIssuer
    ? `Tokens     npm run --silent token -- --type ${demo.msp.clientType} --client ${demo.msp.clientId} ` +
      '--scope "connection:read connection:write"\n'
    : ''
  return `
Mithril connection gateway ${version}

Database   ${databaseDescription}
Issuer     ${config.token?.issuer ?? developmentIssuer?.issuer}
${developmentIssuer || config.console ? `Console    ${url}/console/\n` : ''}GraphiQL   ${url}/graphql
REST docs  ${url}/api/docs
${tokens}${warning}
${hasDemoData ? examples(url, token) : indent('The demo data is only in the embedded database; use ids of your own.\n')}
`
}
