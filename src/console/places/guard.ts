import { signal } from '@preact/signals'

/** Set while a typed value is not stored. */
export const hasUnsavedText = signal(false)

interface HeldStep {
  readonly leave: () => void
  /** The step drops the text, so it does not wait for a return. */
  readonly losesText: boolean
}

/** A step that waits for the person's answer: stay, or leave. null: none waits. */
export const heldStep = signal<HeldStep | null>(null)

let isLetThrough = false

/**
 * Holds each step away from a screen with an unsaved text: a link, Back, a programmed step, and closing the tab. It
 * must listen before the router does.
 */
export function guardSteps(): void {
  navigation.addEventListener('navigate', (event) => {
    const isOtherScreen = new URL(event.destination.url).pathname !== location.pathname
    if (
      isLetThrough ||
      !hasUnsavedText.value ||
      !isOtherScreen ||
      (!event.destination.sameDocument && !event.canIntercept)
    )
      return
    if (!event.cancelable) return
    event.preventDefault()
    event.stopImmediatePropagation()
    heldStep.value = { leave: () => letThrough(event), losesText: false }
  })
  addEventListener('beforeunload', (event) => {
    if (hasUnsavedText.value && !isLetThrough) event.preventDefault()
  })
}

/** Takes a step that drops the unsaved text, after a question if there is one. */
export function leaveForGood(step: () => void): void {
  if (!hasUnsavedText.value) step()
  else {
    const leave = () => {
      heldStep.value = null
      step()
    }
    heldStep.value = { leave, losesText: true }
  }
}

function letThrough({ navigationType, destination }: NavigateEvent): void {
  heldStep.value = null
  withoutGuard(() => {
    if (navigationType === 'traverse') navigation.traverseTo(destination.key)
    else navigation.navigate(destination.url, { history: navigationType === 'replace' ? 'replace' : 'push' })
  })
}

/** Takes a step that nothing holds, for example to the issuer, where the draft waits for the return. */
export function withoutGuard(step: () => void): void {
  isLetThrough = true
  step()
  setTimeout(() => {
    isLetThrough = false
  }, 1_000)
}
