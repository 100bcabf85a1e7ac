import { render } from 'preact'
import { language, speak, t } from './language/language.ts'
import { rememberPlaces } from './places/arrival.ts'
import { guardSteps } from './places/guard.ts'
import { Console } from './screens/console.tsx'
import { startSession } from './session/session.ts'

const place = document.querySelector('#console')
if (place === null) throw new Error('index.html has no #console')
await speak(language.value)
// An old browser has no Navigation API. The router and the guard of unsaved texts need it.
if ('navigation' in window) {
  // Both listen to each step before the router does.
  rememberPlaces()
  guardSteps()
  render(<Console />, place)
  await startSession()
} else place.textContent = t('console.oldBrowser')
