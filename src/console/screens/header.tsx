import { useLocation } from 'preact-iso/router/navigation-api'
import { type Language, language, languages, speak, t } from '../language/language.ts'
import { leaveForGood } from '../places/guard.ts'
import { places } from '../places/places.ts'
import { session, signOut, viewer } from '../session/session.ts'

const languageNames: Record<Language, string> = { uk: 'Українська', en: 'English' }

/** The bar above every screen: where one can go, who one is, the language. */
export function Header() {
  const { path } = useLocation()
  const caller = viewer.value
  const isSignedIn = session.value.kind === 'signed-in' && caller !== null
  return (
    <header class="bar">
      <a class="brand" href={import.meta.env.BASE_URL}>
        <svg viewBox="0 0 32 32" width="24" height="24" aria-hidden="true">
          <path d="M7 23V9h3.2L16 17.4 21.8 9H25v14h-3.4v-8.6L16 22.2l-5.6-7.8V23z" fill="currentColor" />
        </svg>
        {t('console.brand')}
      </a>
      {isSignedIn && (
        <nav aria-label={t('console.sections')}>
          <Section href={caller.seesAllClients ? places.clients() : places.client(caller.clientId)} path={path}>
            {t(caller.seesAllClients ? 'console.clients' : 'console.client.own')}
          </Section>
          {caller.seesAllClients && (
            <Section href={places.connections()} path={path}>
              {t('console.connections')}
            </Section>
          )}
          {caller.scopes.includes('event:manage') && (
            <Section href={places.events()} path={path}>
              {t('console.events')}
            </Section>
          )}
        </nav>
      )}
      <div class="who">
        <fieldset class="languages">
          <legend class="unseen">{t('console.language')}</legend>
          {languages.map((each) => (
            <button
              key={each}
              type="button"
              class="quiet small"
              lang={each}
              title={languageNames[each]}
              aria-pressed={language.value === each}
              onClick={() => void speak(each)}
            >
              {each.toUpperCase()}
              <span class="unseen"> {languageNames[each]}</span>
            </button>
          ))}
        </fieldset>
        {isSignedIn && (
          <>
            <a href={places.me()} aria-current={path === places.me() ? 'page' : undefined}>
              {caller.clientType}
            </a>
            <button type="button" class="quiet small" onClick={() => leaveForGood(() => void signOut())}>
              {t('console.signOut')}
            </button>
          </>
        )}
      </div>
    </header>
  )
}

function Section({
  href,
  path,
  children,
}: {
  readonly href: string
  readonly path: string
  readonly children: string
}) {
  return (
    <a href={href} aria-current={path === href ? 'page' : path.startsWith(`${href}/`) ? 'true' : undefined}>
      {children}
    </a>
  )
}
