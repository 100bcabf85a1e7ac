import { ConfigurationError } from '../config/parse.ts'

/**
 * Runs a command and prints the sentence it answers, or, on failure, its message: no stack, which would say nothing to
 * an operator.
 */
export async function report(work: () => Promise<string>): Promise<void> {
  try {
    console.log(await work())
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    // A list of configuration mistakes keeps its lines; what a database says is put on one.
    console.error(error instanceof ConfigurationError ? message : message.replaceAll(/\s+/g, ' '))
    process.exitCode = error instanceof ConfigurationError ? error.exitCode : 1
  }
}
