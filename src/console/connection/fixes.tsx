import { t } from '../language/language.ts'
import { lookAlikesIn, unseenIn, withLatinHost, withoutUnseen } from '../uri/visible-characters.ts'

/** Repairs that a person may take by one click. The console never changes a typed value by itself. */
export function Fixes({ value, onFix }: { readonly value: string; readonly onFix: (value: string) => void }) {
  const unseen = unseenIn(value)
  const lookAlikes = lookAlikesIn(value)
  if (unseen === 0 && lookAlikes === 0) return null
  return (
    <div class="fixes">
      {unseen > 0 && (
        <button type="button" onClick={() => onFix(withoutUnseen(value))}>
          {t('console.fix.unseen', { count: unseen })}
        </button>
      )}
      {lookAlikes > 0 && (
        <button type="button" onClick={() => onFix(withLatinHost(value))}>
          {t('console.fix.lookAlikes', { count: lookAlikes })}
        </button>
      )}
    </div>
  )
}
