import type { Page } from 'playwright-core'
import { expect } from 'vitest'

const nowhere = { document: 0, values: 0, session: 0, local: 0, history: 0, performance: 0, globals: 0, heap: 0 }

/** Fails if a page keeps this text somewhere. What has just been closed may be on the heap for a moment. */
export const expectNoTrace = (page: Page, text: string): Promise<void> =>
  expect.poll(() => tracesOf(page, text), { timeout: 120_000 }).toEqual(nowhere)

/** Where a text can be found in a page: each place with how often it is there. */
export async function tracesOf(page: Page, text: string): Promise<Readonly<Record<string, number>>> {
  const places = await page.evaluate(() => ({
    document: document.documentElement.outerHTML,
    values: [...document.querySelectorAll('input')].map(({ value }) => value).join('\n'),
    session: JSON.stringify({ ...sessionStorage }),
    local: JSON.stringify({ ...localStorage }),
    history: JSON.stringify([history.state, ...navigation.entries().map((entry) => [entry.url, entry.getState()])]),
    performance: JSON.stringify(performance.getEntries()),
    globals: Object.values(globalThis)
      .filter((value) => typeof value === 'string')
      .join('\n'),
  }))
  const count = (within: string) => within.split(text).length - 1
  return {
    ...Object.fromEntries(Object.entries(places).map(([place, within]) => [place, count(within)])),
    heap: count(await heapOf(page)),
  }
}

/** A snapshot of the heap of JavaScript, as the text that DevTools stores. */
async function heapOf(page: Page): Promise<string> {
  const session = await page.context().newCDPSession(page)
  const chunks: string[] = []
  session.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => chunks.push(chunk))
  await session.send('HeapProfiler.enable')
  await session.send('HeapProfiler.collectGarbage')
  await session.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false })
  await session.detach()
  return chunks.join('')
}
