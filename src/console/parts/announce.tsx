import { signal } from '@preact/signals'

const announced = signal({ text: '', turn: 0 })

/** Says a text to screen readers, also if it is the same as before. */
export function announce(text: string): void {
  announced.value = { text, turn: announced.value.turn + 1 }
}

/** The live region. It is in the page from the start, because screen readers ignore regions that come with a text. */
export function Announcer() {
  const { text, turn } = announced.value
  return (
    <div class="unseen" role="status">
      <span key={turn}>{text}</span>
    </div>
  )
}
