/** The `code` of an error of Node or of PostgreSQL (`ENOENT`, `42P04`), if it has one. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** Whether an import failed because the package is missing, and not because of an error in it. */
export function isModuleNotFound(error: unknown): boolean {
  return codeOf(error) === 'ERR_MODULE_NOT_FOUND' || codeOf(error) === 'MODULE_NOT_FOUND'
}

/** Returns `undefined` if the file does not exist. Throws every other failure. */
export async function unlessMissing<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined
    throw error
  }
}
