import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { violationsOf } from './accessibility.ts'
import type { Person } from './person.ts'

const looks = [
  { look: 'light', colorScheme: 'light', forcedColors: 'none' },
  { look: 'dark', colorScheme: 'dark', forcedColors: 'none' },
  { look: 'forced colours', colorScheme: 'light', forcedColors: 'active' },
] as const

/** Goes to a screen within the page, as a link does, so that no new sign-in is needed. */
export async function goes({ page }: Person, url: string, address: string): Promise<void> {
  await page.evaluate(async (to) => {
    await navigation.navigate(to).finished
    // The screen is drawn, with its data or with the sign that it loads.
    for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame)
  }, address)
  await page.waitForURL(url + address)
  await page.locator('main#main h1').waitFor()
  await page.locator('.loading').first().waitFor({ state: 'detached' })
}

/**
 * Goes to a screen within the page, and waits for all its data. A new screen sets the focus on its heading once the
 * data is there. A neighbour comes between, because two lists at one address are one screen.
 */
export async function goesAndArrives({ page }: Person, url: string, address: string): Promise<void> {
  const isMe = [address, new URL(page.url()).pathname].includes('/console/me')
  const neighbour = isMe ? '/console/nothing-is-there' : '/console/me'
  for (const each of [neighbour, address]) {
    await page.evaluate((to) => {
      if (document.activeElement instanceof HTMLElement) document.activeElement.blur()
      navigation.navigate(to)
    }, each)
    await page.waitForURL(url + each)
    await page.waitForFunction(
      () => document.activeElement?.matches('main#main h1') && document.querySelector('.loading') === null,
    )
  }
}

/** What axe-core finds wrong with a page in each look, and in how many looks it was asked. */
export async function lookAt({ page, language }: Person) {
  expect(await page.evaluate(() => document.documentElement.lang)).toBe(language)
  const faults: Record<string, readonly string[]> = {}
  // The colours are the same in both languages.
  const taken = language === 'uk' ? looks : looks.slice(0, 1)
  for (const { look, ...media } of taken) {
    await page.emulateMedia(media)
    const violations = await violationsOf(page)
    if (violations.length > 0) faults[look] = violations
  }
  return { faults, count: taken.length }
}

/** How far a page scrolls sideways, with the first element that does not fit. null: it does not. */
export async function sidewaysOf(page: Page): Promise<string | null> {
  const { wide, clipped } = await page.evaluate(() => ({
    wide: document.documentElement.scrollWidth - innerWidth,
    clipped: [...document.querySelectorAll('main *, dialog *')]
      .filter((element) => element.getBoundingClientRect().right > innerWidth + 1 && !element.closest('.unseen'))
      .map((element) => element.outerHTML.slice(0, 120)),
  }))
  return wide > 0 || clipped.length > 0 ? `${wide} px, ${clipped[0] ?? ''}` : null
}
