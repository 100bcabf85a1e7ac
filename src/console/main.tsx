import { render } from 'preact'
import { language, speak } from './language/language.ts'
import { rememberPlaces } from './places/arrival.ts'
import { guardSteps } from './places/guard.ts'
import { Console } from './screens/console.tsx'
import { startSession } from './session/session.ts'

// Both listen to each step before the router does.
rememberPlaces()
guardSteps()

const place = document.querySelector('#console')
if (place === null) throw new Error('index.html has no #console')
await speak(language.value)
render(<Console />, place)
await startSession()
