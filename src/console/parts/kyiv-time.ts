const clock = new Intl.DateTimeFormat('en-GB', {
  timeZone: 'Europe/Kyiv',
  hourCycle: 'h23',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
})

/** The time of the clocks in Kyiv, as a field of the type `datetime-local` has it: `2026-11-27T18:30`. */
export function clockInKyiv(at: Date): string {
  const { year, month, day, hour, minute } = Object.fromEntries(
    clock.formatToParts(at).map(({ type, value }) => [type, value]),
  )
  return `${year}-${month}-${day}T${hour}:${minute}`
}

const minute = 60_000

/** Milliseconds by which the clocks in Kyiv are ahead of UTC. */
const aheadAt = (at: number) => Date.parse(`${clockInKyiv(new Date(at))}Z`) - Math.floor(at / minute) * minute

/**
 * The moment at which the clocks in Kyiv show a time. null: the text is no time.
 * Of a time that the clocks show twice, the function takes the first moment. A time that they skip has the offset from
 * before.
 */
export function momentInKyiv(shown: string): Date | null {
  const asUtc = /T\d\d:\d\d/.test(shown) ? Date.parse(`${shown}Z`) : Number.NaN
  if (Number.isNaN(asUtc)) return null
  // One of the offsets around this time is the right one. The greater one gives the earlier moment.
  const offsets = [aheadAt(asUtc - 12 * 60 * minute), aheadAt(asUtc + 12 * 60 * minute)]
  const fitting = offsets.filter((offset) => aheadAt(asUtc - offset) === offset)
  return new Date(asUtc - (fitting.length > 0 ? Math.max(...fitting) : Math.min(...offsets)))
}
