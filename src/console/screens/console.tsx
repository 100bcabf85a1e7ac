import { useErrorBoundary } from 'preact/hooks'
import { ErrorBoundary, lazy } from 'preact-iso'
import { LocationProvider, Route, Router } from 'preact-iso/router/navigation-api'
import { language, t } from '../language/language.ts'
import { Announcer } from '../parts/announce.tsx'
import { Loading, Note } from '../parts/states.tsx'
import { session, viewer } from '../session/session.ts'
import { Header } from './header.tsx'
import { LeaveDialog } from './leave-dialog.tsx'
import { NotFound } from './not-found.tsx'
import { Failed, Refused, SignedOut } from './session-ended.tsx'
import { Start } from './start.tsx'
import { useViewer } from './use-viewer.tsx'

const base = import.meta.env.BASE_URL
const Clients = lazy(() => import('./clients.tsx').then(({ Clients }) => Clients))
const Client = lazy(() => import('./client.tsx').then(({ Client }) => Client))
const Connection = lazy(() => import('./connection.tsx').then(({ ConnectionScreen }) => ConnectionScreen))
const Connections = lazy(() => import('./connections.tsx').then(({ Connections }) => Connections))
const Events = lazy(() => import('./events.tsx').then(({ Events }) => Events))
const NewSubscription = lazy(() => import('./new-subscription.tsx').then(({ NewSubscription }) => NewSubscription))
const Subscription = lazy(() => import('./subscription.tsx').then(({ SubscriptionScreen }) => SubscriptionScreen))
const Me = lazy(() => import('./me.tsx').then(({ Me }) => Me))

/** The whole page: header, the screen of the address, and the live region. */
export function Console() {
  return (
    <LocationProvider scope={base}>
      <a class="skip" href="#main">
        {t('console.skip')}
      </a>
      <Header />
      <main id="main" lang={language.value}>
        <Content />
      </main>
      <LeaveDialog />
      <Announcer />
    </LocationProvider>
  )
}

function Content() {
  const [fault] = useErrorBoundary()
  const state = session.value
  if (fault) return <Note tone="bad" title={t('console.fault')} />
  if (state.kind === 'signed-out') return <SignedOut />
  if (state.kind === 'refused') return <Refused />
  if (state.kind === 'failed') return <Failed error={state.error} />
  if (state.kind !== 'signed-in') return <Loading rows={6} />
  return <Screens />
}

function Screens() {
  const failure = useViewer()
  if (failure !== null) return failure
  if (viewer.value === null) return <Loading rows={6} />
  return (
    <ErrorBoundary>
      <Router>
        <Route path={base} component={Start} />
        <Route path={`${base}clients`} component={Clients} />
        <Route path={`${base}clients/:clientId`} component={Client} />
        <Route path={`${base}clients/:clientId/connections/:connectionId`} component={Connection} />
        <Route path={`${base}connections`} component={Connections} />
        <Route path={`${base}events`} component={Events} />
        <Route path={`${base}events/new`} component={NewSubscription} />
        <Route path={`${base}events/:subscriptionId`} component={Subscription} />
        <Route path={`${base}me`} component={Me} />
        <Route default component={NotFound} />
      </Router>
    </ErrorBoundary>
  )
}
