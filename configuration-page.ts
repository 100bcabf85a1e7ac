import type { z } from 'zod'
import { variableGroups } from './src/config/variables.ts'

const introduction = `# Configuration

\`npm run codegen\` writes this page from [variables.ts](../src/config/variables.ts).

The gateway reads environment variables once, at the start. An empty variable counts as not set. The gateway lists every
mistake together and exits with code 78. [.env.example](../.env.example) has each variable with an example.
`

/** What a value may be: the description of the kind of value, or the words of an enumeration. */
function valuesOf(variable: z.ZodDefault<z.ZodType> | z.ZodOptional<z.ZodType>): string {
  const kind = variable.unwrap()
  if (kind.description !== undefined) return kind.description
  return 'options' in kind && Array.isArray(kind.options)
    ? kind.options.map((word) => `\`${word}\``).join(', ')
    : 'text'
}

function row([name, variable]: [string, z.ZodDefault<z.ZodType> | z.ZodOptional<z.ZodType>]): string {
  if (variable.description === undefined) throw new Error(`${name} has no sentence in src/config/variables.ts`)
  const unset = String(variable.parse(undefined) ?? '')
  return `| \`${name}\` | ${valuesOf(variable)} | ${unset === '' ? '–' : `\`${unset}\``} | ${variable.description} |`
}

/** A plugin of GraphQL Code Generator, so that `npm run codegen` writes the page and `npm run check` compares it. */
export function plugin(): string {
  const sections = Object.entries(variableGroups).map(
    ([title, group]) =>
      `## ${title}\n\n| variable | values | default | meaning |\n|---|---|---|---|\n${Object.entries(group).map(row).join('\n')}\n`,
  )
  return [introduction, ...sections].join('\n')
}
