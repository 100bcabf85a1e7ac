/** The part of a pino logger that parts of the gateway write to. */
export interface Log {
  info(details: object, message: string): void
  warn(details: object, message: string): void
}
