import { ConfigurationError } from '../config/parse.ts'

/**
 * Runs a command and prints the sentence that it returns. After a failure it prints the message without the stack,
 * which does not help an operator.
 */
export async function report(work: () => Promise<string>): Promise<void> {
  try {
    console.log(await work())
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    // A list of configuration mistakes keeps its lines. A message of the database becomes one line.
    console.error(error instanceof ConfigurationError ? message : message.replaceAll(/\s+/g, ' '))
    process.exitCode = error instanceof ConfigurationError ? error.exitCode : 1
  }
}
