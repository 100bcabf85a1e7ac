import { language, t } from '../language/language.ts'

const kyiv = 'Europe/Kyiv'
const formats = new Map<string, Intl.DateTimeFormat>()

function formatOf(locale: string): Intl.DateTimeFormat {
  const format =
    formats.get(locale) ?? new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone: kyiv })
  formats.set(locale, format)
  return format
}

/** A time in Kyiv time with its zone, for a sentence. */
export const momentText = (at: string): string =>
  t('console.time.kyiv', { time: formatOf(localeOf()).format(new Date(at)) })

const localeOf = () => (language.value === 'uk' ? 'uk-UA' : 'en-GB')

/** A time in Kyiv time. A column names the zone once, in its heading. The title always names the zone. */
export function Moment({ at, isInColumn = false }: { readonly at: string; readonly isInColumn?: boolean }) {
  const locale = localeOf()
  const exact = new Date(at).toLocaleString(locale, { timeZone: kyiv, dateStyle: 'long', timeStyle: 'long' })
  const time = formatOf(locale).format(new Date(at))
  return (
    <time dateTime={at} title={exact}>
      {isInColumn ? time : t('console.time.kyiv', { time })}
    </time>
  )
}
