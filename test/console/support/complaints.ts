import type { Page } from 'playwright-core'

/**
 * Collects everything that must never happen on a page: an error of its console, an uncaught error, a report of the
 * content security policy or of Trusted Types, a request to another origin than the gateway's.
 */
export async function watchPage(page: Page, origin: string, complaints: string[]): Promise<void> {
  page.on('pageerror', (error) => complaints.push(`page error: ${error.stack ?? error}`))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`console: ${message.text()} ${message.location().url}`)
  })
  page.on('request', (request) => {
    const { origin: asked, protocol } = new URL(request.url())
    if (asked !== origin && protocol !== 'data:') complaints.push(`request: ${request.url()}`)
  })
  await page.exposeFunction('reportViolation', (report: string) => {
    complaints.push(`content security policy: ${report}`)
  })
  await page.addInitScript(() => {
    addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
      const { reportViolation } = globalThis as unknown as { reportViolation: (report: string) => void }
      reportViolation(`${violatedDirective} ${blockedURI}`)
    })
  })
}
