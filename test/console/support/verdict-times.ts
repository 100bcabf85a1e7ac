import type { Page } from 'playwright-core'

/** Milliseconds from the last key to the verdict of the browser's own rules, and to the answer of the gateway. */
export interface VerdictTimes {
  readonly local: number
  readonly gateway: number
}

/** Measures on the page itself, from its next load on. */
export async function measureVerdicts(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const times = { key: 0, local: 0, gateway: 0 }
    Object.assign(globalThis, { verdictTimes: times })
    addEventListener('input', () => Object.assign(times, { key: performance.now(), local: 0, gateway: 0 }), {
      capture: true,
    })
    new MutationObserver(() => {
      if (times.key > 0 && times.local === 0) times.local = performance.now() - times.key
    }).observe(document, { subtree: true, childList: true, characterData: true, attributes: true })
    new PerformanceObserver((entries) => {
      const answer = entries
        .getEntries()
        .findLast(({ name, startTime }) => /graphql$/.test(name) && startTime > times.key)
      if (answer && times.key > 0) times.gateway = performance.now() - times.key
    }).observe({ type: 'resource' })
  })
}

/** The times of the last typed value, once the gateway has answered. */
export async function verdictTimes(page: Page): Promise<VerdictTimes> {
  const answered = await page.waitForFunction(() => {
    const { verdictTimes } = globalThis as unknown as { verdictTimes: VerdictTimes }
    return verdictTimes.gateway > 0 && verdictTimes
  })
  return (await answered.jsonValue()) as VerdictTimes
}
