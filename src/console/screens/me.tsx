import { clientName } from '../connection/client-names.ts'
import { type Language, language, languages, speak, t } from '../language/language.ts'
import { ClientName, Uuid } from '../parts/identity.tsx'
import { Note } from '../parts/states.tsx'
import { useArrival } from '../places/arrival.ts'
import { viewer } from '../session/session.ts'

const allowances = [
  { scope: 'client:read', text: 'console.me.readClients' },
  { scope: 'connection:read', text: 'console.me.readConnections' },
  { scope: 'connection:write', text: 'console.me.write' },
  { scope: 'connection:refresh_secret', text: 'console.me.refreshSecret' },
  { scope: 'connection:delete', text: 'console.me.delete' },
  { scope: 'event:manage', text: 'console.me.events' },
] as const

const languageTexts = { uk: 'console.language.uk', en: 'console.language.en' } as const

/** `/me`: who the caller is for the gateway, and what it may do. */
export function Me() {
  useArrival(t('console.me'), true)
  const caller = viewer.value
  if (caller === null) return null
  return (
    <>
      <h1 tabIndex={-1}>{t('console.me')}</h1>
      <section class="card">
        <dl class="facts">
          <div>
            <dt>{t('console.change.client')}</dt>
            <dd>
              <ClientName name={clientName(caller.clientId) ?? null} />{' '}
              <Uuid id={caller.clientId} label={t('console.change.client')} />
            </dd>
          </div>
          <div>
            <dt>{t('console.client.type')}</dt>
            <dd>{caller.clientType}</dd>
          </div>
          {caller.userId !== null && (
            <div>
              <dt>{t('console.change.user')}</dt>
              <dd>
                <Uuid id={caller.userId} label={t('console.change.user')} />
              </dd>
            </div>
          )}
          <div>
            <dt>{t('console.me.sees')}</dt>
            <dd>{t(caller.seesAllClients ? 'console.me.seesAll' : 'console.me.seesOwn')}</dd>
          </div>
        </dl>
      </section>
      <section class="card">
        <h2>{t('console.me.allowances')}</h2>
        <ul class="allowances">
          {allowances.map(({ scope, text }) => {
            const isThere = caller.scopes.includes(scope)
            return (
              <li key={scope} class={isThere ? 'yes' : 'no'}>
                <span aria-hidden="true">{isThere ? '✓' : '–'}</span> {t(text)}
                <small>
                  {' '}
                  <code>{scope}</code> · {t(isThere ? 'console.me.granted' : 'console.me.missing')}
                </small>
              </li>
            )
          })}
        </ul>
        {allowances.some(({ scope }) => !caller.scopes.includes(scope)) && (
          <Note tone="info" title={t('console.failure.scope.advice')} />
        )}
      </section>
      <section class="card">
        <h2>{t('console.language')}</h2>
        <p class="choices">
          {languages.map((each: Language) => (
            <button
              key={each}
              type="button"
              lang={each}
              aria-pressed={language.value === each}
              onClick={() => void speak(each)}
            >
              {t(languageTexts[each])}
            </button>
          ))}
        </p>
      </section>
    </>
  )
}
