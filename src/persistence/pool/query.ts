/** Runs one SQL statement without parameters and returns its rows. */
export type Query = (sql: string) => Promise<readonly Record<string, unknown>[]>
