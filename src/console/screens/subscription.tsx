import { useSignal } from '@preact/signals'
import { useRoute } from 'preact-iso/router/navigation-api'
import { EventSubscriptionCardDocument } from '../../client/documents/graphql.ts'
import { useAnswer } from '../answers/use-answer.ts'
import { clientName } from '../connection/client-names.ts'
import { DeleteDialog } from '../events/delete-dialog.tsx'
import { Deliveries } from '../events/deliveries.tsx'
import { EventsFailure } from '../events/events-failure.tsx'
import { NeedsScope } from '../events/needs-scope.tsx'
import { PollGuide } from '../events/poll-guide.tsx'
import { ReplayDialog } from '../events/replay-dialog.tsx'
import { type ReplayForm, timeSince } from '../events/replay-range.ts'
import { RotateDialog } from '../events/rotate-dialog.tsx'
import { managesEvents } from '../events/subscription.ts'
import { SubscriptionActs } from '../events/subscription-acts.tsx'
import { SubscriptionFacts } from '../events/subscription-facts.tsx'
import { Target } from '../events/subscription-table.tsx'
import { Trouble } from '../events/trouble.tsx'
import { t } from '../language/language.ts'
import { announce } from '../parts/announce.tsx'
import { Crumbs } from '../parts/crumbs.tsx'
import { Empty, Loading } from '../parts/states.tsx'
import { useArrival } from '../places/arrival.ts'
import { go, places } from '../places/places.ts'
import { viewer } from '../session/session.ts'

/** `/events/:id`: a subscription, what can be done with it, and its deliveries. */
export function SubscriptionScreen() {
  const { subscriptionId = '' } = useRoute().params
  return managesEvents() ? <SubscriptionOf key={subscriptionId} id={subscriptionId} /> : <NeedsScope />
}

function SubscriptionOf({ id }: { readonly id: string }) {
  const { answer, reload } = useAnswer(EventSubscriptionCardDocument, { id })
  const open = useSignal<'rotation' | 'deletion' | ReplayForm | null>(null)
  const turn = useSignal(0)
  const subscription = answer?.data?.eventSubscription
  useArrival(t('console.events.subscription'), answer !== null)
  const close = () => {
    open.value = null
  }
  const refresh = () => {
    turn.value += 1
    return reload()
  }
  if (answer === null) return <Loading rows={8} />
  if (subscription == null) return <Absent answer={answer} onRetry={reload} />

  const { clientId, state, method } = subscription
  const waiting = subscription.waiting?.totalCount ?? null
  const mayReplay = state === 'ACTIVE' || state === 'PAUSED'
  const replay = (start: ReplayForm) => {
    open.value = start
  }
  return (
    <>
      <Crumbs steps={stepsTo(clientId)} />
      <h1 tabIndex={-1}>{t('console.events.subscription')}</h1>
      <p class="lead">
        <Target subscription={subscription} />
      </p>
      <Trouble subscription={subscription} />
      <SubscriptionFacts subscription={subscription} waiting={waiting} dead={subscription.dead?.totalCount ?? null} />
      {method === 'POLL' && <PollGuide id={id} />}
      <SubscriptionActs
        subscription={subscription}
        onChanged={() => void refresh()}
        onReplay={replay}
        onRotate={() => {
          open.value = 'rotation'
        }}
        onDelete={() => {
          open.value = 'deletion'
        }}
      />
      <Deliveries
        id={id}
        again={turn.value}
        onRefresh={refresh}
        onReplay={
          mayReplay
            ? (connectionId) => replay({ ...timeSince(new Date()), by: 'byConnection', connectionId })
            : undefined
        }
      />
      {open.value === 'rotation' && <RotateDialog id={id} onClose={close} onRotated={() => void refresh()} />}
      {open.value === 'deletion' && (
        <DeleteDialog
          subscription={subscription}
          waiting={waiting}
          onClose={close}
          onDeleted={() => {
            close()
            announce(t('console.events.deleted'))
            go(listOf(clientId), { isStep: false })
          }}
        />
      )}
      {open.value !== null && typeof open.value === 'object' && (
        <ReplayDialog
          id={id}
          start={open.value}
          isPaused={state === 'PAUSED'}
          onClose={close}
          onReplayed={() => void refresh()}
        />
      )}
    </>
  )
}

const seesAll = () => viewer.value?.seesAllClients === true
const listOf = (owner: string) => places.events({ client: seesAll() ? owner : null })

function stepsTo(owner: string) {
  const own = { text: t('console.events'), href: places.events() }
  return seesAll()
    ? [
        { text: t('console.events.all'), href: own.href },
        {
          text: t('console.events.of', { client: clientName(owner) ?? t('console.client.unnamed') }),
          href: listOf(owner),
        },
      ]
    : [own]
}

function Absent({ answer, onRetry }: Parameters<typeof EventsFailure>[0]) {
  return (
    <>
      <h1 tabIndex={-1}>{t('console.events.subscription')}</h1>
      {answer.failures.length > 0 ? (
        <EventsFailure answer={answer} onRetry={onRetry} />
      ) : (
        <Empty title={t('console.events.absent')}>
          <a href={places.events()}>{t('console.events')}</a>
        </Empty>
      )}
    </>
  )
}
